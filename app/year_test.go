package app_test

import (
	"fmt"
	"strings"
	"time"
)

// A paper's price, in øre.
const price = 34900

// year lets twelve more bills come. The bank pays three by file; one is left
// until there is a reminder; the stored card pays the rest, one of them at the
// second try.
func (s *subscriber) year() {
	s.t.Helper()
	for range 3 {
		s.byFile()
	}
	id := s.changes("invoice")
	s.back("finished", "paymentChangeId", id)
	s.byReminder()
	s.byCard()
	for n := range 8 {
		if n == 2 {
			s.atLast()
			continue
		}
		number := s.next()
		eventually(s.t, "the stored card pays by itself", func() bool { return s.paid(number) })
	}
}

// byFile lets the bank pay the next bill: a claim goes out in a file, and the
// payment comes in with one.
func (s *subscriber) byFile() {
	s.t.Helper()
	before := s.files("out")
	number := s.next()
	s.pass(24 * time.Hour)
	eventually(s.t, "the claim goes out", func() bool { return s.files("out") > before })
	before = s.files("in")
	s.pass(14 * 24 * time.Hour) // to the day after it is due
	eventually(s.t, "the bank pays by file", func() bool { return s.paid(number) && s.files("in") > before })
}

// files counts those that went out to the bank, or came in, and were understood.
func (s *subscriber) files(way string) (n int) {
	s.t.Helper()
	got := s.control(s.t, "GET", "/bankfiles")
	for i := range got.count("files") {
		at := func(name string) string { return got.at(fmt.Sprintf("files.%d.%s", i, name)) }
		if at("state") == "quarantined" {
			s.t.Errorf("the file %s is put aside: %s", at("name"), got.raw)
		}
		if at("way") == way && (at("state") == "sent" || at("state") == "read") {
			n++
		}
	}
	return n
}

// byReminder leaves the next bill until the reader is reminded, and pays it.
func (s *subscriber) byReminder() {
	s.t.Helper()
	number := s.next()
	s.pass(19 * 24 * time.Hour) // it is due on the fourteenth day
	eventually(s.t, "the reader is reminded", func() bool {
		list, _ := s.ask("GET", "/v1/customer/invoice/payment/DAGSN", "")["reminders"].([]any)
		if len(list) == 0 {
			return false
		}
		one, _ := list[0].(map[string]any)
		return len(list) == 1 && fmt.Sprint(one["invoiceNumber"]) == number
	})
	if got := s.control(s.t, "GET", "/outbox", "to="+s.who); !strings.Contains(strings.ToLower(got.at("messages.0.subject")), "reminder") {
		s.t.Errorf("the newest letter is %s", got.at("messages.0.subject"))
	}
	s.byVipps(number)
}

// atLast has the next bill fail on its day, as the reader has stopped the
// agreement for a while, and paid the next day.
func (s *subscriber) atLast() {
	s.t.Helper()
	list, _ := s.ask("GET", "/v1/api/payment/payex/token", "")["paymentRecurrenceTokens"].([]any)
	if len(list) != 1 {
		s.t.Fatalf("got %d stored cards", len(list))
	}
	token, _ := list[0].(map[string]any)
	move := func(state string) {
		s.t.Helper()
		if got := s.control(s.t, "POST", fmt.Sprintf("/mandates/%v", token["recurrenceToken"]), "state="+state); got.at("state") != state {
			s.t.Fatalf("got %s", got.raw)
		}
	}
	move("suspended")
	number := s.next()
	if soon(func() bool { return s.paid(number) }) {
		s.t.Error("a stopped agreement was charged")
	}
	move("active")
	s.pass(25 * time.Hour)
	eventually(s.t, "the second try succeeds", func() bool { return s.paid(number) })
	if in := s.invoices()[number]; fmt.Sprint(in["paymentDate"]) <= fmt.Sprint(in["invoiceDate"]) {
		s.t.Errorf("got %v", in)
	}
}

// books are what stands on each account in kroner, in øre.
func (s *subscriber) books() map[string]int64 {
	s.t.Helper()
	got := s.control(s.t, "GET", "/balances")
	out := map[string]int64{}
	for i := range got.count("accounts") {
		at := func(name string) string { return got.at(fmt.Sprintf("accounts.%d.%s", i, name)) }
		var minor float64
		if _, err := fmt.Sscan(at("posted"), &minor); err != nil {
			s.t.Fatal(err)
		}
		if at("currency") == "NOK" {
			out[at("account")] = int64(minor)
		}
	}
	return out
}

// adds holds the story to its sums: seventeen bills, each paid once and in full;
// what the bank claimed is on our account there, what the provider took it owes
// us, and all of it is owed to the merchant.
func (s *subscriber) adds(before map[string]int64) {
	s.t.Helper()
	all := s.invoices()
	for number, in := range all {
		if fmt.Sprint(in["paidAmount"]) != "349" || in["paymentStatus"] != "2" {
			s.t.Errorf("invoice %s: got %v", number, in)
		}
	}
	if file := s.control(s.t, "GET", "/bankfiles/"+s.control(s.t, "GET", "/bankfiles").at("files.0.id")); !strings.HasPrefix(file.at("text"), "NY0000") {
		s.t.Errorf("the newest file: got %s", file.raw)
	}
	sums := map[string]int64{}
	for account, minor := range s.books() {
		kind, _, _ := strings.Cut(account, "/")
		sums[kind] += minor - before[account]
	}
	const bills = 17
	if len(all) != bills || sums["merchant"] != -bills*price || sums["bank"] != 4*price || sums["provider"] != 13*price {
		s.t.Errorf("got %d bills and %v", len(all), sums)
	}
}
