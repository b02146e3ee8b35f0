package fake

import (
	"fmt"
	"strings"
	"time"
)

// takeSweden reads a request: the reason why not, or "".
func (c *creditor) takeSweden(list []string, today string) string {
	if len(list) < 1 || list[0][62:68] != c.Customer {
		return "no request of this payee"
	}
	for _, s := range list {
		switch s[:2] {
		case "01":
			if s[10:18] != "AUTOGIRO" {
				return "not of Autogiro"
			}
			c.Account = strings.TrimLeft(s[68:78], "0")
		case "03", "04":
			if digits(s[12:28]) < 1 {
				return "a mandate that cannot be read"
			}
			p := c.payer(digits(s[12:28]))
			switch {
			case s[:2] == "03" && p.Agreed:
				p.Agreed, p.Ended, p.Told, p.Since = false, true, false, today
			case s[:2] == "04" && !p.Agreed:
				*p = payer{Asked: true, Since: today, Told: true, Fates: p.Fates, Account: s[28:44], Person: s[44:56]}
			}
		case "82":
			x := &claim{Payer: digits(s[15:31]), Reference: strings.TrimSpace(s[53:69]), Minor: digits(s[31:43]), State: "held", Due: today}
			if due, err := time.Parse("20060102", s[2:10]); err == nil {
				x.Due = due.Format(isoDay)
			}
			if x.Payer < 1 || x.Minor < 1 {
				return "a claim that cannot be read"
			}
			c.Claims = append(c.Claims, x)
		default:
			return "a record that is not known"
		}
	}
	return ""
}

// answerSweden puts out a day's files: advice on mandates, orders that are
// rejected, what was paid and what was not.
func (c *creditor) answerSweden(day time.Time, changed []int64, paid, back, refused []*claim) {
	at := day.Format("20060102")
	if len(changed) > 0 {
		out := []string{c.opens(at, "AG-MEDAVI")}
		for _, n := range changed {
			p, code := c.Payers[n], "0432"
			if p.Ended {
				code = "4602"
			}
			out = append(out, fmt.Sprintf("73%s%016d%-16s%-12s%5s%s%s%7s", c.payee(), n, p.Account, p.Person, "", code, at, ""))
		}
		c.file("AGMEDAVI", at, append(out, fmt.Sprintf("09%s9900%07d%59s", at, len(changed), "")))
	}
	var rejected, short []*claim
	for _, x := range refused {
		if x.Code == "01" {
			rejected = append(rejected, x)
		} else {
			short = append(short, x)
		}
	}
	if len(rejected) > 0 {
		out, sum := []string{c.opens(at, "AVVISADE BET UPPDR")}, int64(0)
		for _, x := range rejected {
			sum += x.Minor
			out = append(out, fmt.Sprintf("82%s0%3s%016d%012d%-16s%s%20s", strings.ReplaceAll(x.Due, "-", ""), "", x.Payer, x.Minor, x.Reference, x.Code, ""))
		}
		c.file("AVVISADE", at, append(out, fmt.Sprintf("09%s9900%018d%06d%012d%30s", at, 0, len(rejected), sum, "")))
	}
	if len(paid)+len(back)+len(short) > 0 {
		c.file("BETSPEC", at, c.specification(at, paid, back, short))
	}
}

func (c *creditor) specification(at string, paid, back, short []*claim) []string {
	out := []string{c.opens(at+"053000", "BET. SPEC & STOPP TK")}
	sums := func(list []*claim) (sum int64) {
		for _, x := range list {
			sum += x.Minor
		}
		return sum
	}
	entry := func(record string, n int, sum int64) string {
		return fmt.Sprintf("%s%035d%s%05d%018d%3s%08d ", record, 8901003232323232, at, 1, sum, "", n)
	}
	record := func(kind string, x *claim, tail string) string {
		return fmt.Sprintf("%s%s0%4s%016d%012d%s%-16s%s", kind, at, "", x.Payer, x.Minor, c.payee(), x.Reference, tail)
	}
	in, gone := 0, 0
	if len(paid)+len(short) > 0 {
		in = 1
		out = append(out, entry("15", len(paid), sums(paid)))
		for _, x := range paid {
			out = append(out, record("82", x, fmt.Sprintf("%10s0", "")))
		}
		for _, x := range short {
			out = append(out, record("82", x, fmt.Sprintf("%10s%s", "", x.Code)))
		}
	}
	if len(back) > 0 {
		gone = 1
		out = append(out, entry("17", len(back), sums(back)))
		for _, x := range back {
			out = append(out, record("77", x, at+"02 "))
		}
	}
	return append(out, fmt.Sprintf("09%s9900%06d%012d%018d%06d%012d%12s", at, in, len(paid), 0, gone, len(back), ""))
}

func (c *creditor) opens(at, contents string) string {
	return fmt.Sprintf("01AUTOGIRO%14s%-20s%-20s%s%s", "", at, contents, c.Customer, c.payee())
}

func (c *creditor) payee() string { return strings.Repeat("0", max(0, 10-len(c.Account))) + c.Account }

func (c *creditor) file(kind, at string, out []string) {
	c.Serial++
	c.put(fmt.Sprintf("BG-%s-%s-%05d.txt", at, kind, c.Serial), out)
}
