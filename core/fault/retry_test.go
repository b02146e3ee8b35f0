package fault

import "testing"

func TestSoft(t *testing.T) {
	for code, want := range map[string]bool{
		DeclinedInsufficientFunds: true, DeclinedInsufficientAccount: true, DeclinedIssuer: true, UnavailableProvider: true, UnavailableIssuer: true,
		DeclinedTooOften: true, DeclinedRetryIn24Hours: true, DeclinedNotPermitted + ".suspended": true,
		DeclinedMandateCancelled: false, DeclinedMandateExpired: false, DeclinedSeriesStoppedAll: false, DeclinedClosedAccount: false, DeclinedStolenCard: false,
		DeclinedRetryNever: false, DeclinedBlockedBIN: false, "": false, "conflict.mandate": false,
	} {
		if got := Soft(code); got != want {
			t.Errorf("%s: got %v, want %v", code, got, want)
		}
	}
}
