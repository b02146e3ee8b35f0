package checkout

// TestCard is a number that the test provider knows (sheet section 18).
type TestCard struct {
	Number string // grouped as printed on a card
	Brand  string
	Effect string // key of a text, after "test."
}

// TestCards are the ones that the page offers in test mode, one per story.
var TestCards = []TestCard{
	{"4200 0000 0000 0000", "VISA", "success"},
	{"5454 5454 5454 5454", "MASTER", "success"},
	{"4200 0000 0000 0042", "VISA", "challenge"},
	{"4200 0000 0000 0091", "VISA", "frictionless"},
	{"4012 0010 3746 1114", "VISA", "refused"},
}
