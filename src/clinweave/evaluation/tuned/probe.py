"""A small probe of general ability: plain questions that medicine training should not make a model forget."""

from clinweave.records import Question

_ITEMS = (
    ("What is the capital of France?", "Paris", "Rome", "Madrid", "Vienna"),
    ("Which planet is closest to the Sun?", "Mercury", "Neptune", "Saturn", "Jupiter"),
    ("What do bees make?", "Honey", "Milk", "Wool", "Paper"),
    ("How many days are in a week?", "Seven", "Five", "Nine", "Twelve"),
    ("What colour is the sky on a clear day?", "Blue", "Green", "Brown", "Purple"),
    ("Which animal barks?", "Dog", "Cat", "Horse", "Duck"),
    ("What is frozen water called?", "Ice", "Steam", "Sand", "Smoke"),
    ("Which season follows winter?", "Spring", "Autumn", "Summer", "Monsoon"),
    ("What is two plus two?", "Four", "Three", "Six", "Ten"),
    ("Who wrote Hamlet?", "William Shakespeare", "Albert Einstein", "Isaac Newton", "Mozart"),
    ("Which metal is liquid at room temperature?", "Mercury", "Iron", "Gold", "Copper"),
    ("Which language is spoken in Brazil?", "Portuguese", "Dutch", "Greek", "Finnish"),
    ("What instrument has 88 keys?", "Piano", "Violin", "Flute", "Drum"),
    ("What do plants take in from the air?", "Carbon dioxide", "Helium", "Iron", "Salt"),
    ("Which ocean lies between Europe and America?", "Atlantic", "Indian", "Arctic", "Pacific"),
    ("What is the opposite of hot?", "Cold", "Loud", "Fast", "Tall"),
    ("What is used to cut paper?", "Scissors", "Spoon", "Pillow", "Ladder"),
    ("Which country has the city of Tokyo?", "Japan", "India", "Egypt", "Canada"),
    ("How many legs does a spider have?", "Eight", "Four", "Two", "Twelve"),
    ("Which gas do people need to breathe?", "Oxygen", "Chlorine", "Neon", "Methane"),
    ("What is the largest animal on Earth?", "Blue whale", "Elephant", "Lion", "Mouse"),
    ("Which shape has three sides?", "Triangle", "Square", "Circle", "Hexagon"),
    ("What falls from clouds?", "Rain", "Stones", "Leaves", "Coins"),
    ("Where do fish live?", "In water", "In trees", "In the desert", "In clouds"),
    ("What do you read?", "Book", "Soup", "Chair", "Shoe"),
    ("Which is a fruit?", "Apple", "Hammer", "Table", "Carpet"),
    ("What is the currency of the United States?", "Dollar", "Yen", "Rupee", "Franc"),
    ("At what temperature in degrees Celsius does water boil?", "100", "20", "500", "5"),
    ("Who painted the Mona Lisa?", "Leonardo da Vinci", "Charles Darwin", "Napoleon", "Beethoven"),
    ("What is the name of the Earth's satellite?", "The Moon", "Mars", "Venus", "The Sun"),
)


def probe() -> list[Question]:
    """Return the questions; the right option stands at a different place in each."""
    made = []
    for number, (asked, *options) in enumerate(_ITEMS):
        place = number % len(options)
        shown = [*options[1 : place + 1], options[0], *options[place + 1 :]]
        made.append(
            Question(f"general-{number}", "general", asked, tuple(shown), place, cluster=f"general-{number}")
        )
    return made
