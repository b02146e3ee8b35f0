package fake

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
)

// lines are the records of a file; a record that has not 80 bytes stays as it
// is, for whoever reads it to complain of.
func lines(body []byte) []string {
	list := strings.Split(strings.TrimRight(string(body), "\r\n"), "\n")
	for i, s := range list {
		list[i] = strings.TrimSuffix(s, "\r")
		if len(list[i]) != 80 {
			return nil
		}
	}
	return list
}

func digits(s string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// payerIn is the payer that a reference names by its first eight digits, as
// creditors and the bank have agreed.
func payerIn(reference string) int64 {
	if len(reference) < 8 {
		return 0
	}
	return max(digits(reference[:8]), 0)
}

// takeNorway reads a transmission of claims: the reason why not, or "".
func (c *creditor) takeNorway(list []string, _ string) string {
	if len(list) < 4 || !strings.HasPrefix(list[0], "NY000010"+c.Customer) {
		return "no transmission of this customer"
	}
	var claims, gone []*claim
	n, sum := int64(0), int64(0)
	for _, s := range list[1 : len(list)-1] {
		switch service, kind := s[2:4], s[6:8]; {
		case service == "21" && kind == "20":
			c.Agreement, c.Account = s[8:17], s[24:35]
		case service == "21" && kind == "30":
			due, err := time.Parse("020106", s[15:21])
			minor, kid := digits(s[32:49]), strings.TrimSpace(s[49:74])
			if err != nil || minor < 1 || kid == "" {
				return "a claim that cannot be read"
			}
			x := &claim{Payer: payerIn(kid), Reference: kid, Due: due.Format(isoDay), Minor: minor, State: "held"}
			if n, sum = n+1, sum+minor; s[4:6] == "93" {
				gone = append(gone, x)
			} else {
				claims = append(claims, x)
			}
		case service == "21" && (kind == "31" || kind == "49" || kind == "88"):
		default:
			return "a record that is not known"
		}
	}
	end := list[len(list)-1]
	if !strings.HasPrefix(end, "NY000089") || digits(end[8:16]) != n || digits(end[16:24]) != int64(len(list)) || digits(end[24:41]) != sum {
		return "the transmission's sums are wrong"
	}
	c.Claims = append(c.Claims, claims...)
	for _, x := range gone {
		for _, old := range c.Claims {
			if old.State == "held" && old.Reference == x.Reference && old.Due == x.Due && old.Minor == x.Minor {
				old.State = "gone"
			}
		}
	}
	return ""
}

// answerNorway puts out a day's transmission, if there is anything to tell. Of
// a claim that was not paid nothing is told.
func (c *creditor) answerNorway(day time.Time, changed []int64, paid, back []*claim) {
	if len(changed)+len(paid)+len(back) == 0 {
		return
	}
	c.Serial++
	at := day.Format("020106")
	out := []string{fmt.Sprintf("NY00001000008080%07d%s%049d", c.Serial, c.Customer, 0)}
	total := 0
	if len(changed) > 0 {
		out = append(out, fmt.Sprintf("NY212420000000000%07d%s%045d", 1, c.account(), 0))
		for i, n := range changed {
			change := 1
			if c.Payers[n].Ended {
				change = 2
			}
			out = append(out, fmt.Sprintf("NY219470%07d%d%25sJ%038d", i+1, change, c.kid(n), 0))
		}
		out = append(out, fmt.Sprintf("NY212488%08d%08d%056d", len(changed), len(changed)+2, 0))
		total += len(changed)
	}
	sum := int64(0)
	if len(paid)+len(back) > 0 {
		out = append(out, fmt.Sprintf("NY090020001008566%07d%s%045d", 2, c.account(), 0))
		for i, x := range append(append([]*claim{}, paid...), back...) {
			kind, sign := "15", "0"
			if i >= len(paid) {
				kind, sign = "18", "-"
				sum -= x.Minor
			} else {
				sum += x.Minor
			}
			out = append(out, fmt.Sprintf("NY09%s30%07d%s13201%05d%s%017d%25s000000", kind, i+1, at, i+1, sign, x.Minor, x.Reference),
				fmt.Sprintf("NY09%s31%07d%010d%09d0000000%s%011d%022d", kind, i+1, 0, c.Serial, at, 99990000000+x.Payer, 0))
		}
		n := len(paid) + len(back)
		total += n
		out = append(out, fmt.Sprintf("NY090088%08d%08d%017d%s%s%s%021d", n, 2*n+2, sum, at, at, at, 0))
	}
	out = append(out, fmt.Sprintf("NY000089%08d%08d%017d%s%033d", total, len(out)+1, sum, at, 0))
	c.put(fmt.Sprintf("NETS-%s-%07d.txt", day.Format("20060102"), c.Serial), out)
}

func (c *creditor) account() string {
	if c.Account == "" {
		return strings.Repeat("0", 11)
	}
	return c.Account
}

// kid is a reference of a payer, for whom the bank knows one.
func (c *creditor) kid(n int64) string {
	if p := c.Payers[n]; p.Reference != "" {
		return p.Reference
	}
	for _, x := range c.Claims {
		if x.Payer == n {
			return x.Reference
		}
	}
	return fmt.Sprintf("%08d", n)
}

func (c *creditor) put(name string, out []string) {
	body := strings.Join(out, "\r\n") + "\r\n" // as the banks' own machines end their lines
	c.Out = append(c.Out, connector.BankFile{Customer: c.Customer, Name: name, Body: []byte(body)})
}
