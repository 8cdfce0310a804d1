"""Plain prose, written for the probe: its likelihood under a model shows forgetting before answers turn wrong."""

TEXTS = (
    "The old bridge had stood over the river for two hundred years. In spring, when the snow melted in the "
    "hills, the water rose almost to its arches, and the people of the village came out in the evening to "
    "watch the logs go by.",
    "Bread needs only flour, water, salt and time. The dough is mixed, left to rest, folded a few times, and "
    "baked in a hot oven until the crust is dark. The smell alone is worth the work.",
    "My grandfather repaired clocks in a small shop near the station. He said that a clock is honest: it "
    "tells you at once when you have made a mistake, and it never holds it against you.",
    "The committee met on Thursday to discuss the new library. Most members agreed that the building should "
    "be close to the school, but they could not agree on how much it ought to cost or who should pay for it.",
    "Trains run every half hour from the main station to the coast. On weekends the first one leaves at six, "
    "and by noon the beaches are full of families with umbrellas, baskets and dogs.",
    "A good map leaves things out. If it showed every tree and every stone, nobody could find the road. What "
    "matters is to know what the reader is looking for, and to draw that clearly.",
    "When the lights went out, nobody moved for a moment. Then someone laughed, someone else found a candle, "
    "and before long the whole house was telling stories in the kitchen as if it had been planned.",
    "The price of coffee rose again last year because of dry weather in the south. Farmers who had stored "
    "part of the harvest sold it late and did well; those who had debts had to sell early and did not.",
    "She learnt to sail on a lake, where the wind comes from all sides and changes its mind every minute. "
    "After that, she said, the open sea was easy: there at least the wind knows what it wants.",
    "To plant a tree, dig a hole twice as wide as the roots and no deeper. Loosen the earth at the bottom, "
    "set the tree upright, fill in the soil, and water it well. Then wait twenty years.",
    "The film begins with a long shot of an empty street. A boy on a bicycle crosses it, stops, looks back, "
    "and rides on. We do not see him again until the last scene, when he is an old man.",
    "In winter the harbour freezes and the boats are pulled on land. The men mend nets and paint hulls, the "
    "children skate between the piers, and everybody waits for the first ship of the year.",
    "Numbers can be written in many ways. We count in tens because we have ten fingers, but a computer counts "
    "in twos, and a clock in sixties, for reasons that are older than any book we own.",
    "The market opens before sunrise. By the time the first customers arrive the fish is on ice, the flowers "
    "stand in buckets, and the man who sells cheese has already told the same joke twice.",
    "Nobody knows who built the stone circle on the hill. Some say it was a calendar, others a place to meet; "
    "the sheep that graze there use it to get out of the wind.",
    "He read the letter twice, folded it, and put it in his coat. Outside it had begun to rain. He thought of "
    "all the answers he might give, and of how few of them were true.",
)
