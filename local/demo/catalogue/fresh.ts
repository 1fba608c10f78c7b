/** Chilled and baked goods. See `parse.ts` for the notation. */
export const fresh = `
# Fresh & Chilled | variety | chilled
brands: Weidegold, Zuivelhof, Alpenrain, Kleine Kuh-, Meadowick, Laitière du Vallon+, Groenhof*, Biovera*, Ferme des Saules+, Norrgård, Casa Brina, Basis-, Verdello, Sant'Orsola, Koster & Zoon, Lindholm, Maison Corvel+, Terra Amata*, Puur Land*, Fjordal
## Milk & Cream
Milk | Whole, Semi-Skimmed, Skimmed, Lactose-Free, Hay, Goat, Jersey | 500 ml, 1 l, 1.5 l, 2 l | 0.89 | staples, breakfast, baking | from cows that graze from spring to autumn, gently pasteurised
Cream | Single, Double, Whipping, Sour, Cooking, Lactose-Free | 200 ml, 250 ml, 500 ml | 1.19 | pasta, baking | thick enough to finish a sauce and light enough to whip
Oat Drink | Original, Barista, Vanilla, Chocolate, Calcium Plus, Unsweetened | 500 ml, 1 l | 1.59 | breakfast | made from European oats, without milk and without added sugar
## Butter & Eggs
Butter | Salted, Unsalted, Half-Salted, Cultured, Spreadable, Lactose-Free, Clarified | 125 g, 250 g, 500 g | 1.69 | staples, breakfast, baking | churned slowly from fresh cream for a full, round taste
Eggs | Free-Range, Barn, Organic Pasture, Large Free-Range, Medium Barn | 6 pieces, 10 pieces, 12 pieces, 15 pieces | 1.89 | staples, breakfast, baking | collected daily and sorted by hand
## Yoghurt & Dessert | flavour
Yoghurt | Natural, Strawberry, Vanilla, Peach, Blueberry, Lemon, Cherry, Coconut, Mango, Hazelnut | 125 g, 150 g, 450 g, 1 kg | 0.59 | breakfast, lunch | creamy, with live cultures and a short list of ingredients
Skyr | Natural, Raspberry, Vanilla, Blueberry, Passion Fruit, Apple & Cinnamon | 150 g, 400 g, 900 g | 0.99 | breakfast, fitness | strained in the Icelandic way, with plenty of protein and hardly any fat
Chocolate Pudding | Dark, Milk, Hazelnut, Caramel, White, Double | 125 g, 4 x 100 g | 0.69 | movie | cooked in small kettles until it is smooth and glossy
## Cheese
Cheddar | Mild, Mature, Extra Mature, Smoked, Red, Vintage | 150 g, 200 g, 350 g, 500 g | 2.29 | lunch, tacos | cut from whole blocks that ripened for months
Gouda | Young, Mild, Mature, Old, Cumin, Truffle, Nettle | 150 g, 250 g, 400 g, 500 g | 2.19 | lunch | with a supple bite that grows more crystalline with age
Mozzarella | Buffalo, Light, Mini, Smoked, Grated, Classic | 125 g, 200 g, 250 g | 1.09 | pasta, pizza, salad | stretched by hand and kept in its own whey
Parmesan-Style Cheese | Grated, Wedge, Shaved, 24-Month, 12-Month | 80 g, 150 g, 200 g, 300 g | 2.59 | pasta | hard, nutty and made for grating
Feta-Style Cheese | Barrel-Aged, Classic, Light, Herb, Sheep's | 150 g, 200 g, 400 g | 1.99 | salad, barbecue | crumbly and briny, ripened in salt water
## Deli & Meat
Cooked Ham | Smoked, Honey, Classic, Herb, Reduced-Salt, Black Forest | 100 g, 150 g, 200 g | 1.99 | lunch, pizza | sliced thin from the leg, with no added phosphate
Bratwurst | Coarse, Fine, Cheese, Herb, Chilli, Nuremberg-Style, Chicken | 300 g, 400 g, 540 g, 1 kg | 2.99 | barbecue | seasoned with marjoram, ready for the grill or the pan
Marinated Chicken | Paprika, Lemon & Thyme, Teriyaki, Garlic, Tandoori, Barbecue | 350 g, 500 g, 800 g | 4.49 | barbecue, tacos | cut from the breast and steeped overnight
Smoked Salmon | Beechwood, Dill, Pepper, Lemon, Classic, Hot | 100 g, 150 g, 200 g | 3.99 | breakfast, party | cured with dry salt and smoked over slow wood
Hummus | Classic, Red Pepper, Beetroot, Garlic, Lemon & Coriander, Olive, Caramelised Onion | 150 g, 200 g, 400 g | 1.49 | lunch, party, salad | chickpeas and tahini blended until silky
Fresh Tortellini | Ricotta & Spinach, Four Cheese, Prosciutto, Mushroom, Pumpkin, Tomato & Mozzarella | 250 g, 300 g, 500 g | 1.99 | pasta | filled and folded fresh, on the table in three minutes
Tofu | Natural, Smoked, Marinated, Silken, Basil, Sesame | 200 g, 250 g, 400 g | 1.79 | salad, fitness | pressed from European soya beans, firm enough for the pan
## Fruit & Vegetables
Salad Mix | Baby Leaf, Rocket, Lamb's Lettuce, Spinach, Italian, Crunchy, Herb | 100 g, 150 g, 250 g | 1.29 | salad, barbecue | washed three times and ready to eat
Tomatoes | Cherry, Vine, Plum, Cocktail, Yellow, Beef, San Marzano | 250 g, 500 g, 1 kg | 1.39 | salad, pasta, tacos | picked red, not ripened on the road
Apples | Braeburn, Elstar, Jonagold, Gala, Cox, Pink, Granny Smith | 4 pieces, 6 pieces, 1 kg, 2 kg | 1.49 | lunch, staples | crisp and juicy, from orchards that we know by name
Bananas | Fair Trade, Classic, Mini, Organic | 4 pieces, 5 pieces, 1 kg | 1.09 | staples, breakfast, fitness | shipped green and brought to yellow in our own ripening rooms
Potatoes | Waxy, Floury, New, Red, Baby, Sweet | 750 g, 1 kg, 2 kg, 2.5 kg | 1.29 | barbecue, staples | dug from loamy soil and kept dark and cool
Herbs | Basil, Parsley, Coriander, Mint, Chives, Dill, Rosemary | 15 g, 30 g, 1 pot | 0.99 | pasta, tacos, salad | cut in the morning, in the shop by noon

# Bakery | variety | ambient
brands: Broodhuys, Korn & Kruste, Boulanger Piat+, Havermill, Mehlwerk, Panificio Dora, Hjemmebagt, Basis-, Goudkorst, Le Fournil Gris+, Groenhof*, Biovera*, Backstube Anders, Petit Moulin, Crostina, Molenaar's, Urkorn*, Hearth & Crumb
## Bread
Bread | Whole-Grain, White, Rye, Spelt, Sunflower, Walnut, Sourdough, Multi-Seed, Potato | 400 g, 500 g, 750 g, 1 kg | 1.49 | staples, breakfast | baked on stone after a long, cool rise
Baguette | Classic, Rustic, Garlic, Olive, Whole-Grain, Part-Baked | 150 g, 250 g, 2 x 150 g | 0.79 | barbecue, salad, party | with a crackling crust and an open crumb
Toast | Butter, Whole-Grain, Brioche, Protein, Sandwich, Spelt | 250 g, 400 g, 500 g, 750 g | 1.09 | breakfast, lunch | soft slices that brown evenly
Burger Buns | Brioche, Sesame, Whole-Grain, Potato, Mini, Pretzel | 4 pieces, 6 pieces, 8 pieces | 1.59 | barbecue | sturdy enough to hold everything you stack on them
Tortilla Wraps | Wheat, Corn, Whole-Grain, Spinach, Gluten-Free, Tomato | 6 pieces, 8 pieces, 12 pieces | 1.49 | tacos, lunch | thin, supple and quick to warm in a dry pan
## Sweet Bakery
Croissants | Butter, Almond, Chocolate, Whole-Grain, Mini, Apricot | 2 pieces, 4 pieces, 6 pieces, 8 pieces | 1.79 | breakfast | laminated in twenty-seven layers
Muffins | Blueberry, Chocolate, Lemon, Apple & Cinnamon, Double Chocolate, Vanilla, Carrot | 2 pieces, 4 pieces, 6 pieces | 1.99 | teatime | moist inside, with a generous dome
Waffles | Butter, Honey, Chocolate-Dipped, Vanilla, Cinnamon, Liège-Style | 5 pieces, 8 pieces, 10 pieces | 1.89 | teatime, breakfast | with pearls of sugar that melt when you warm them
`
