/** What is not food. See `parse.ts` for the notation. */
export const household = `
# Household | scent | ambient
brands: Klarwerk, Blanca Luna, Frischmann, Sopra, Propre & Co, Zeepfabriek Oost, Nordrein, Basis-, Groenblad*, Ecoline Verde*, Lumina, Wasserfee, Maison Nette+, Schoonhart, Tidy Finch, Vivo Casa
## Laundry
Laundry Liquid | Fresh Linen, Lavender, Sensitive, Colour, Wool & Silk, Ocean, Mountain Air, Unscented | 700 ml, 1 l, 1.5 l, 2 l | 4.49 | cleaning | works from twenty degrees and rinses out fully
Laundry Pods | Fresh Linen, Colour, Sensitive, Spring Meadow, Sport, Universal | 15 pieces, 24 pieces, 30 pieces, 42 pieces | 5.49 | cleaning | pre-measured, in a film that dissolves
Fabric Softener | Cotton Blossom, Lavender, Sensitive, Sea Breeze, Vanilla, Almond Milk | 750 ml, 1 l, 1.5 l | 1.99 | cleaning | for towels that stay soft without clinging
Stain Remover | Universal, Grass & Mud, Wine & Fruit, White, Colour-Safe | 250 ml, 500 ml, 750 ml | 2.79 | cleaning | treats the spot before the wash
## Cleaning
Washing-Up Liquid | Lemon, Aloe Vera, Orange Blossom, Mint, Sensitive, Pomegranate, Unscented | 450 ml, 500 ml, 750 ml, 1 l | 1.29 | cleaning | cuts grease in cold water too
Dishwasher Tablets | Classic, All-in-One, Lemon, Eco, Power, Phosphate-Free | 20 pieces, 30 pieces, 40 pieces, 60 pieces | 3.99 | cleaning | salt, rinse aid and glass care in one
All-Purpose Cleaner | Citrus, Pine, Lavender, Apple, Ocean, Vinegar, Unscented | 500 ml, 750 ml, 1 l | 1.59 | cleaning | for everything that can be wiped
Bathroom Cleaner | Citrus, Ocean, Mint, Limescale, Foam, Eucalyptus | 500 ml, 750 ml, 1 l | 1.99 | cleaning | dissolves lime without harsh fumes
Glass Cleaner | Classic, Citrus, Vinegar, Streak-Free, Blue, Unscented | 500 ml, 750 ml, 1 l | 1.69 | cleaning | dries clear and leaves no veil
Cleaning Sponges | Soft, Scouring, Non-Scratch, Cellulose, Magic, Bamboo | 2 pieces, 3 pieces, 6 pieces, 10 pieces | 0.99 | cleaning | keeps its shape after many washes
## Paper & Bags | variety
Toilet Paper | Soft, Extra Soft, Recycled, Camomile, Compact, Bamboo | 4 rolls, 8 rolls, 12 rolls, 16 rolls | 2.49 | staples, cleaning | three plies, embossed to hold together
Kitchen Roll | Classic, Recycled, Extra Absorbent, Half-Sheet, Decorated, Bamboo | 2 rolls, 3 rolls, 4 rolls, 6 rolls | 1.89 | cleaning, staples | takes up a spill in one sheet
Tissues | Classic, Balsam, Soft, Box, Menthol, Recycled | 6 packs, 10 packs, 15 packs, 100 sheets | 1.29 | cold | gentle on a nose that has had enough
Bin Liners | Standard, Drawstring, Compostable, Heavy-Duty, Scented, Recycled | 10 l, 20 l, 35 l, 60 l | 1.19 | cleaning | tear-proof at the seam
Baking Paper | Sheets, Roll, Unbleached, Non-Stick, Reusable | 8 m, 10 m, 15 m, 20 m | 1.29 | baking | coated on both sides, up to 220 degrees

# Health & Beauty | scent | ambient
brands: Dermaluce, Pure Hafen, Rosalba, Nordrein, Sanavie, Savonnerie Mistral+, Botanika*, Groenblad*, Basis-, Medella, Kräuterhaus Linn, Océane, Hautnah, Balmoral Grove+, Lys & Lin+, Fraiche
## Bath & Shower
Shower Gel | Almond Milk, Sea Salt, Lemon Verbena, Rose, Sandalwood, Mint, Coconut, Unscented | 200 ml, 250 ml, 300 ml, 500 ml | 1.79 | care | soap-free and mild to the skin
Hand Soap | Lavender, Olive, Citrus, Aloe Vera, Milk & Honey, Rosemary | 250 ml, 300 ml, 500 ml, 1 l | 1.39 | care, cleaning | rinses clean and does not dry out
Bath Salts | Lavender, Eucalyptus, Orange, Rose, Pine, Muscle Ease | 400 g, 500 g, 1.2 kg | 2.49 | cold, care | for twenty quiet minutes
## Hair & Face | variety
Shampoo | Repair, Volume, Anti-Dandruff, Camomile, Sensitive, Colour Care, Nettle, Argan | 200 ml, 250 ml, 300 ml, 400 ml | 2.29 | care | cleans gently, without silicones
Conditioner | Repair, Volume, Argan, Camomile, Colour Care, Coconut | 200 ml, 250 ml, 400 ml | 2.49 | care | untangles and leaves no weight
Face Cream | Day, Night, Sensitive, Sun Care 30, Aloe Vera, Rich, Matt | 50 ml, 75 ml, 100 ml | 4.99 | care | absorbs quickly and keeps moisture in
Sun Lotion | SPF 20, SPF 30, SPF 50, Kids SPF 50, Sensitive SPF 50, After-Sun | 100 ml, 150 ml, 200 ml | 6.49 | summer | water-resistant, kind to reefs
## Mouth & Body | variety
Toothpaste | Mint, Herbal, Whitening, Sensitive, Kids Strawberry, Fluoride-Free, Fresh | 50 ml, 75 ml, 100 ml, 125 ml | 1.49 | care, staples | guards enamel and gums
Toothbrush | Soft, Medium, Bamboo, Kids, Extra Soft, Charcoal | 1 piece, 2 pieces, 4 pieces | 1.79 | care | rounded bristles, easy to hold
Deodorant | Cotton, Sea Breeze, Sensitive, Lavender, Sport, Aloe Vera, Unscented | 50 ml, 75 ml, 150 ml, 200 ml | 1.99 | care, fitness | without aluminium salts, for a full day
## Pharmacy | variety
Throat Lozenges | Honey & Lemon, Sage, Eucalyptus, Cherry, Sugar-Free, Ginger | 20 pieces, 24 pieces, 36 pieces, 75 g | 2.29 | cold | soothes from the first minute
Vitamin C Tablets | Orange, Lemon, Effervescent, Time-Release, Acerola, With Zinc | 20 pieces, 30 pieces, 60 pieces, 100 pieces | 2.99 | cold, fitness | one a day through the dark months
Plasters | Sensitive, Waterproof, Kids, Elastic, Blister, Assorted | 10 pieces, 20 pieces, 30 pieces, 50 pieces | 1.79 | family | stays on, comes off without a tear

# Baby | variety | ambient
brands: Pippin, Wolkje, Kleiner Bär, Petit Nid+, Biovera*, Basis-, Groenblad*, Lullabee, Mimi & Mo, Sterntaler Land, Nannou, Puck
## Nappies & Care
Nappies | Newborn, Size 2, Size 3, Size 4, Size 5, Size 6, Night Size 4 | 22 pieces, 34 pieces, 44 pieces, 68 pieces, 88 pieces | 5.49 | baby | dry through the night, with a soft waistband
Baby Wipes | Sensitive, Water, Aloe Vera, Camomile, Biodegradable, Unscented | 56 pieces, 80 pieces, 3 x 56 pieces, 6 x 56 pieces | 1.19 | baby | almost nothing but water
Baby Lotion | Almond, Calendula, Sensitive, Night, Camomile | 100 ml, 200 ml, 400 ml | 2.79 | baby | tested on the most delicate skin
Baby Shampoo | Camomile, Tear-Free, Almond, Calendula, Head-to-Toe | 200 ml, 250 ml, 400 ml | 2.49 | baby | no tears at bath time
## Baby Food
Baby Porridge | Oat, Rice, Banana, Spelt, Milk & Honey-Free, Five-Grain, Apple | 200 g, 250 g, 400 g | 2.79 | baby | fine, mild and easy on the spoon
Fruit Purée | Apple, Pear, Banana & Peach, Mango, Plum, Blueberry, Apple & Carrot | 90 g, 125 g, 190 g, 4 x 100 g | 0.89 | baby | ripe fruit, steamed and nothing else
Vegetable Jar | Carrot, Pumpkin & Potato, Parsnip, Courgette, Spinach & Potato, Pasta Bolognese, Beef & Rice | 125 g, 190 g, 220 g, 250 g | 1.09 | baby | cooked gently, without salt
Infant Milk | Stage 1, Stage 2, Stage 3, Stage 4, Goat Stage 1, Goat Stage 2 | 400 g, 600 g, 800 g | 9.99 | baby | for every step of the first years

# Pets | flavour | ambient
brands: Pawlin, Schnurr & Co, Hundeglück, Mirou, Basis-, Wildspur+, Terra Canis Minor+, Biovera*, Kattebel, Fidelio, Whisk & Wag, Trotter's
## Cats
Cat Food | Chicken, Salmon, Beef, Tuna, Duck, Turkey, Rabbit, Game | 85 g, 100 g, 400 g, 12 x 85 g, 24 x 85 g | 0.69 | cat | tender pieces in sauce, with taurine
Dry Cat Food | Chicken, Salmon, Indoor, Sterilised, Kitten, Senior, Hairball | 400 g, 800 g, 1.5 kg, 3 kg, 4 kg | 2.49 | cat | crunchy, for clean teeth
Cat Litter | Clumping, Silica, Wood, Fragrance-Free, Lavender, Tofu | 5 l, 7 l, 10 l, 15 l, 20 l | 3.49 | cat | binds at once, with little dust
Cat Treats | Salmon, Chicken, Cheese, Malt, Catnip, Duck | 30 g, 50 g, 60 g, 100 g | 1.19 | cat | a small reward
## Dogs
Dog Food | Beef, Chicken, Lamb, Game, Turkey, Salmon, Veal | 150 g, 400 g, 800 g, 6 x 400 g, 12 x 400 g | 1.29 | dog | a full meal with vegetables
Dry Dog Food | Adult Beef, Adult Chicken, Puppy, Senior, Sensitive Lamb, Grain-Free Salmon | 1 kg, 2 kg, 3 kg, 10 kg, 12 kg | 4.29 | dog | with everything an active dog needs
Dog Treats | Dental, Beef Strips, Chicken Bites, Liver, Biscuit, Duck | 70 g, 100 g, 180 g, 200 g, 500 g | 1.69 | dog | for training and for being good

# Home & Garden | variety | ambient
brands: Hausrat Lund, Casabel, Nordlys, Boix & Fils+, Ecoline Verde*, Basis-, Tidy Finch, Bramble & Birch, Lumina, Gärtnerei Ost, Formica Verde, Atelier Simple+, Klarwerk, Ravel, Oker, Tischler's
## Barbecue
Charcoal | Beech, Quick-Light, Coconut, Lump, Briquettes, Restaurant | 2 kg, 2.5 kg, 3 kg, 5 kg, 10 kg | 3.99 | barbecue | from certified forests, burns hot and even
Firelighters | Wood Wool, Wax, Eco, Cubes, Matches | 24 pieces, 32 pieces, 48 pieces, 100 pieces | 1.49 | barbecue | no smell, no smoke
Grill Trays | Aluminium, Reusable Steel, Large, Small, Perforated | 3 pieces, 5 pieces, 10 pieces | 1.99 | barbecue | keeps the fat off the fire
## Tableware | colour
Paper Napkins | White, Red, Forest Green, Terracotta, Sky Blue, Black, Mustard, Rose | 20 pieces, 30 pieces, 50 pieces, 100 pieces | 1.29 | party, barbecue | soft, with a sharp fold
Candles | White, Ivory, Red, Petrol, Sand, Sage, Bordeaux, Vanilla | 2 pieces, 4 pieces, 6 pieces, 10 pieces | 1.99 | party, cold | burn quietly and do not drip
Storage Boxes | Clear, Grey, Mint, Blue, White, Charcoal | 0.5 l, 1 l, 2.3 l, 5 l | 2.49 | lunch, cleaning | close tight and stack neatly
Glass Tumblers | Clear, Smoke, Amber, Green, Blue, Ribbed | 2 pieces, 4 pieces, 6 pieces | 4.99 | party | heavy in the hand, safe in the dishwasher
## Light & Power
Light Bulb | Warm White, Neutral White, Daylight, Dimmable, Filament, Colour | 1 piece, 2 pieces, 3 pieces, 4 pieces | 2.99 | cleaning | LED, bright at once, for fifteen thousand hours
Batteries | AA, AAA, C, D, 9V, Rechargeable AA, Rechargeable AAA | 2 pieces, 4 pieces, 8 pieces, 12 pieces | 2.49 | family | full power for years on the shelf
## Garden
Potting Soil | Universal, Herb, Vegetable, Orchid, Peat-Free, Cactus | 5 l, 10 l, 20 l, 40 l | 2.49 | summer | loose, and fed for six weeks
Plant Food | Universal, Tomato, Orchid, Rose, Lawn, Herb | 250 ml, 500 ml, 1 l | 3.29 | summer | a capful a week
Seeds | Basil, Tomato, Radish, Wildflower, Lettuce, Sunflower, Parsley | 1 sachet, 2 sachets, 3 sachets | 0.99 | summer | sown in spring, on the table in summer
`
