package checkout

// ScriptFile is a script that runs on a payment page.
type ScriptFile struct {
	Path      string // as the page loads it
	Integrity string
	Reason    string
}

// Inventory lists every script that may run on a payment page and why it is
// there (PCI DSS 6.4.3). A page that runs another one fails the tests.
func Inventory() []ScriptFile {
	var out []ScriptFile
	for _, s := range []struct{ name, reason string }{
		{"checkout.js", "groups the card number while it is typed, tells mistakes beside their fields, holds back a second click, goes on to the bank"},
		{"frame.js", "tells the shop's page, which frames the form, how high the form is and when to go on; no field's content leaves the frame"},
	} {
		path, integrity := Pages.Script(s.name)
		out = append(out, ScriptFile{path, integrity, s.reason})
	}
	return append(out, ScriptFile{"/v3/paymentWidgets.js", WidgetIntegrity(), "runs on the shop's page: makes the frame, hears from it, goes to the result page"})
}
