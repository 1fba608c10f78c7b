/** What keeps: cupboard, freezer, drinks. See `parse.ts` for the notation. */
export const cupboard = `
# Food Cupboard | variety | ambient
brands: Havermill, Nordlund, Casa Vela, Molino Serra+, Kornblume, Dispensa Luca, Old Harbour, Groenhof*, Biovera*, Basis-, Tante Greet, Provençal Lune+, Sonnhalde, Rosmarina, Quintal, Vierjahr, Terra Amata*, Fennwick, Bergkamm, Pikantje
## Breakfast Cereals | flavour
Muesli | Fruit & Nut, Crunchy Honey, Swiss-Style, Chocolate, Berry, Tropical, No Added Sugar, Apple & Cinnamon | 375 g, 500 g, 750 g, 1 kg | 2.29 | breakfast | slow-toasted oats with generous pieces you can see
Porridge Oats | Fine, Jumbo, Golden Syrup, Apple, Protein, Gluten-Free | 400 g, 500 g, 1 kg | 1.19 | breakfast, fitness | rolled from whole grain, ready in four minutes
Cornflakes | Classic, Honey, Frosted, Whole-Grain, Chocolate, Unsweetened | 375 g, 500 g, 750 g | 1.79 | breakfast | baked crisp, so they stay so in the bowl
Honey | Acacia, Blossom, Forest, Lavender, Heather, Creamed, Linden | 250 g, 350 g, 500 g, 1 kg | 3.49 | breakfast, teatime, cold | spun cold, never heated
Jam | Strawberry, Apricot, Raspberry, Cherry, Orange, Blackcurrant, Fig, Plum, Rhubarb | 225 g, 340 g, 450 g | 1.79 | breakfast, teatime | cooked in open kettles with more fruit than sugar
Hazelnut Spread | Classic, Dark, Crunchy, Palm-Oil-Free, Duo, Less Sugar | 200 g, 350 g, 400 g, 750 g | 2.19 | breakfast | roasted nuts and cocoa, ground until they melt on warm bread
## Pasta & Rice
Spaghetti | Durum, Whole-Grain, Spelt, Gluten-Free, Bronze-Drawn, Red Lentil | 250 g, 500 g, 1 kg | 0.99 | pasta | dried slowly at low heat, with a surface that holds the sauce
Penne | Rigate, Whole-Grain, Spelt, Gluten-Free, Bronze-Drawn, Chickpea | 250 g, 500 g, 1 kg | 0.99 | pasta | cut on the slant to catch what you stir in
Fusilli | Durum, Tricolore, Whole-Grain, Gluten-Free, Bronze-Drawn, Green Pea | 250 g, 500 g, 1 kg | 0.99 | pasta, salad | twisted tight, at home in a sauce or a salad
Lasagne Sheets | Egg, Durum, Spinach, Whole-Grain, Gluten-Free | 250 g, 375 g, 500 g | 1.29 | pasta | no need to boil them first
Rice | Basmati, Jasmine, Long-Grain, Risotto, Brown, Wild, Sushi | 250 g, 500 g, 1 kg, 2 kg | 1.69 | tacos, staples | aged and sorted so that every grain stays apart
## Sauces & Oils
Pasta Sauce | Basil, Arrabbiata, Bolognese, Napoli, Ricotta, Olive, Aubergine, Mushroom | 200 g, 350 g, 400 g, 680 g | 1.79 | pasta | simmered from ripe tomatoes with nothing to hide
Pesto | Genovese, Rosso, Rocket, Calabrese, Pistachio, Vegan, Wild Garlic | 90 g, 130 g, 190 g | 1.99 | pasta | ground coarse, so you taste the leaf and the nut
Passata | Classic, Basil, Rustic, Garlic, Chunky, Sieved | 400 g, 500 g, 700 g | 0.89 | pasta, pizza, tacos | sieved from tomatoes packed within hours of picking
Olive Oil | Extra Virgin, Mild, Early Harvest, Lemon, Garlic, Unfiltered, Chilli | 250 ml, 500 ml, 750 ml, 1 l | 4.29 | pasta, salad | pressed cold from olives of one harvest
Balsamic Vinegar | Classic, White, Aged, Fig, Raspberry, Cream of | 250 ml, 500 ml | 2.49 | salad | rounded in wooden casks
Barbecue Sauce | Smoky, Honey, Hickory, Chilli, Whisky, Sweet Onion | 250 ml, 300 ml, 500 ml | 1.89 | barbecue | thick, dark and slow-cooked
Ketchup | Tomato, Curry, Hot, Less Sugar, Organic Tomato, Smoky | 300 ml, 500 ml, 875 ml | 1.59 | barbecue, movie | made from sun-ripened tomatoes and little else
Mustard | Dijon, Whole-Grain, Medium-Hot, Honey, Sweet Bavarian, Hot | 100 ml, 200 ml, 250 ml | 0.99 | barbecue, lunch | stone-ground, sharp at first and mellow after
Salsa | Mild, Medium, Hot, Chipotle, Verde, Pineapple | 200 g, 230 g, 315 g | 1.79 | tacos, movie, party | chunky, with a clean heat that builds
## Tins & Jars
Chickpeas | In Water, Low-Salt, Organic, In Tomato, Spiced | 240 g, 400 g, 800 g | 0.79 | salad, tacos | cooked until tender and packed in their own water
Kidney Beans | In Water, Low-Salt, Chilli, Organic, In Tomato | 240 g, 400 g, 800 g | 0.79 | tacos | firm beans that keep their shape in the pot
Tuna | In Olive Oil, In Water, In Brine, With Lemon, With Chilli, Steaks in Oil | 80 g, 145 g, 185 g, 3 x 80 g | 1.59 | salad, pasta, lunch | line-caught and packed by hand
Olives | Green, Kalamata, Stuffed with Pepper, Stuffed with Almond, Garlic, Black, Herb | 150 g, 200 g, 350 g | 1.69 | pizza, party, salad | cured slowly in brine, with a firm bite
Vegetable Soup | Tomato, Pumpkin, Minestrone, Lentil, Carrot & Ginger, Mushroom, Pea | 400 ml, 500 ml, 800 ml | 1.99 | cold, lunch | cooked as at home and poured hot into the jar
## Baking
Flour | Wheat, Spelt, Rye, Whole-Grain, Pizza, Self-Raising, Buckwheat, Almond | 500 g, 1 kg, 2.5 kg | 0.89 | baking, pizza | milled between stones, for dough that rises well
Sugar | Fine, Brown, Icing, Cane, Vanilla, Coconut Blossom, Cubes | 250 g, 500 g, 1 kg | 0.99 | baking, teatime | for cakes, preserves and the morning cup
Baking Powder | Classic, Cream of Tartar, Organic, Phosphate-Free | 3 sachets, 6 sachets, 10 sachets, 150 g | 0.49 | baking | lifts a batter evenly and leaves no taste
Dark Chocolate | 55%, 70%, 85%, Orange, Sea Salt, Hazelnut, Mint, Chilli | 80 g, 100 g, 180 g, 200 g | 1.29 | baking, movie, teatime | conched for hours, with a clean snap
## Snacks & Biscuits | flavour
Crisps | Sea Salt, Paprika, Sour Cream & Onion, Salt & Vinegar, Rosemary, Truffle, Sweet Chilli, Cheese | 40 g, 125 g, 150 g, 200 g | 1.29 | movie, party | cut thick and fried in small batches
Tortilla Chips | Natural, Chilli, Cheese, Blue Corn, Lime, Smoky | 125 g, 200 g, 300 g, 450 g | 1.49 | movie, tacos, party | made for scooping
Popcorn | Salted, Sweet, Caramel, Butter, Sweet & Salty, Cheese | 70 g, 90 g, 150 g, 3 x 90 g | 1.19 | movie | popped fluffy, with hardly a husk
Nut Mix | Roasted, Salted, Unsalted, Honey, Smoked, Cranberry, Trail | 150 g, 200 g, 400 g | 2.49 | party, fitness | roasted dry, with no dust of salt at the bottom
Butter Biscuits | Classic, Chocolate, Lemon, Almond, Oat, Ginger, Speculoos | 125 g, 150 g, 250 g, 400 g | 1.49 | teatime | with real butter and a short crumble
Cereal Bars | Nut, Chocolate, Berry, Peanut, Apple, Coconut, Protein | 3 x 25 g, 6 x 25 g, 10 x 25 g | 1.69 | fitness, lunch | a small one for the bag, without syrup
## Coffee & Tea
Coffee Beans | Espresso, Crema, Decaf, Single-Origin, Dark Roast, Breakfast, Mild | 250 g, 500 g, 1 kg | 4.49 | coffee, breakfast | roasted gently in drums for a low-acid cup
Ground Coffee | Filter, Espresso, Decaf, Strong, Mild, Fair Trade | 250 g, 500 g, 1 kg | 3.29 | coffee, breakfast | ground for filters and packed within the hour
Black Tea | Earl Grey, English Breakfast, Darjeeling, Assam, Chai, Ceylon, Decaf | 20 bags, 25 bags, 50 bags, 100 g | 1.99 | teatime, breakfast | from gardens above a thousand metres
Herbal Tea | Peppermint, Camomile, Rooibos, Ginger & Lemon, Fennel, Sleep Well, Throat Ease, Elderflower | 20 bags, 25 bags, 40 bags | 1.79 | cold, teatime | whole leaves and flowers, nothing added

# Frozen | variety | frozen
brands: Fjordal, Eisbach, Gelateria Bruno+, Casa Vela, Norrgård, Winterhof, Basis-, Groenhof*, Biovera*, Kaltblau, Glacé Mirette+, Snøland, Polarik, Pizzeria Nonna, Frostine, Landvrucht
## Frozen Meals
Pizza | Margherita, Salami, Four Cheese, Spinach, Tuna, Mushroom, Vegetable, Diavola | 320 g, 380 g, 2 x 320 g, 3 x 320 g | 2.49 | movie, pizza | with a stone-baked base and a rim that puffs up
Lasagne | Bolognese, Spinach, Vegetable, Salmon, Four Cheese, Mushroom | 350 g, 400 g, 600 g, 1 kg | 2.99 | pasta | layered by hand, golden after half an hour
Fish Fingers | Cod, Pollock, Salmon, Crunchy, Gluten-Free, Vegan | 250 g, 300 g, 450 g, 750 g | 2.79 | family | fillet in a crumb that stays crisp
Chips | Straight, Crinkle, Sweet Potato, Oven, Wedges, Skin-On | 450 g, 600 g, 750 g, 1 kg | 1.79 | family, barbecue | cut from whole potatoes
## Frozen Vegetables & Fruit
Garden Peas | Fine, Extra Fine, Petits Pois, Mint, Organic | 300 g, 450 g, 750 g, 1 kg | 1.29 | family, staples | frozen within three hours of the field
Spinach | Leaf, Creamed, Chopped, Garlic, Baby | 300 g, 450 g, 600 g, 750 g | 1.19 | pasta, family | portioned, so you take only what you need
Berries | Mixed, Raspberries, Blueberries, Strawberries, Blackcurrants, Cherries | 250 g, 300 g, 500 g, 750 g | 2.79 | breakfast, fitness, baking | frozen one by one
## Ice Cream | flavour
Ice Cream | Vanilla, Chocolate, Strawberry, Salted Caramel, Pistachio, Stracciatella, Cookie, Mango, Lemon Sorbet | 480 ml, 500 ml, 900 ml, 1 l | 2.99 | summer, movie | churned slowly, with more cream than air
Ice Lollies | Orange, Strawberry, Lemon, Chocolate, Almond, Tropical | 4 pieces, 6 pieces, 8 pieces, 12 pieces | 2.19 | summer, family | for the garden and the walk home

# Drinks | flavour | ambient
brands: Quellmark, Sorgente Alba, Frisk & Fruen, Bosgaard, Limoncella, Hopfengrund, Brouwerij Tolhuis+, Brasserie du Gué+, Basis-, Groenhof*, Biovera*, Domaine Serrat+, Cantina Vesta+, Weingut Rehberg+, Saftwerk, Pomona, Nordlund, Zest & Co
## Water & Soft Drinks
Mineral Water | Still, Sparkling, Medium, Lemon, Mint, Elderflower | 500 ml, 1 l, 1.5 l, 6 x 1.5 l | 0.49 | staples, fitness | drawn at the source, low in sodium
Lemonade | Lemon, Orange, Blood Orange, Elderflower, Rhubarb, Ginger, Raspberry | 330 ml, 500 ml, 1 l, 4 x 330 ml | 0.99 | summer, barbecue, party | with real juice and a dry finish
Cola | Classic, Zero, Cherry, Lemon, Caffeine-Free, Vanilla | 330 ml, 1 l, 1.5 l, 6 x 330 ml | 0.89 | movie, party, barbecue | brewed with kola nut and a twist of lime
Iced Tea | Peach, Lemon, Green, Raspberry, Mint, Unsweetened | 500 ml, 1 l, 1.5 l | 1.09 | summer | steeped, not made from powder
## Juice
Orange Juice | Smooth, With Pulp, Blood, Fresh-Pressed, Mild, With Mango | 250 ml, 750 ml, 1 l, 1.5 l | 1.89 | breakfast, cold | squeezed from whole fruit
Apple Juice | Cloudy, Clear, With Elderflower, With Ginger, Sparkling, Old Orchard | 250 ml, 750 ml, 1 l, 3 l | 1.39 | breakfast, family | pressed from orchards that are mown by sheep
Smoothie | Strawberry & Banana, Mango, Green, Berry, Ginger Shot, Pineapple & Coconut | 250 ml, 330 ml, 750 ml | 1.99 | fitness | fruit, and nothing but
## Beer & Wine | variety
Lager | Pilsner, Helles, Alcohol-Free, Unfiltered, Organic, Amber | 330 ml, 500 ml, 6 x 330 ml, 4 x 500 ml | 0.99 | barbecue, party | brewed cold and left to rest six weeks
Craft Beer | Pale Ale, India Pale Ale, Wheat, Tripel, Stout, Session, Alcohol-Free | 330 ml, 500 ml, 4 x 330 ml | 1.79 | barbecue, party, movie | small batches, bold hops
Red Wine | Merlot, Cabernet, Tempranillo, Primitivo, Pinot Noir, Syrah, Montepulciano | 250 ml, 750 ml, 1.5 l | 3.79 | pasta, party | dark fruit and soft tannin
White Wine | Riesling, Chardonnay, Sauvignon, Pinot Grigio, Grüner Veltliner, Verdejo, Vinho Verde | 250 ml, 750 ml, 1.5 l | 3.59 | summer, party | cool-fermented, with lively acidity
Sparkling Wine | Brut, Dry, Rosé, Extra Dry, Alcohol-Free, Demi-Sec | 200 ml, 750 ml, 1.5 l | 4.49 | party | fine bubbles, bottle by bottle
`
