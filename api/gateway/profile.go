package gateway

import "net/http"

// Profile is how strictly, and in which dialect, an entity's contract is
// spoken (sheet, section 22). It changes what clients see, never what happens
// to the money.
type Profile struct {
	Name               string
	WideAmounts        bool // amounts of up to 12 digits before the dot, not 10
	ThrottleStatus     int  // of 800.120.100
	UnknownStatus      int  // of an unknown payment or registration
	DeclinedReadStatus int  // of reading a rejected payment
}

var profiles = []Profile{
	// The seed document alone. It knows no 429, and 404 is for wrong ids.
	{"strictSeed", false, http.StatusBadRequest, http.StatusNotFound, http.StatusOK},
	// As recorded of the family's other members, for clients made for them.
	{"oppwaCompat", true, http.StatusTooManyRequests, http.StatusBadRequest, http.StatusBadRequest},
}

// rulesOf finds a profile by its name. Every name that is none, and "", is the
// strict one.
func rulesOf(name string) Profile {
	for _, p := range profiles {
		if p.Name == name {
			return p
		}
	}
	return profiles[0]
}
