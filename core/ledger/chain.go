package ledger

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strconv"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/ident"
)

// genesis stands for the hash before a realm's first transfer.
var genesis = make([]byte, sha256.Size)

// text appends the canonical text of e in realm to b. It is the input of the
// hash, so it never changes: another form would be another first line. Names
// hold no space (Check), the memo is quoted, so no two transfers share a text.
//
//	florin transfer 1
//	realm 6560a1b2c3d4e5f601234567
//	seq 3
//	id 6560a1b2c3d4e5f60123456a
//	at 1795212937123
//	kind capture
//	object payment 6560a1b2c3d4e5f601234568
//	reverses -
//	memo ""
//	posted EUR 1050 provider/fake
//	posted EUR -1050 merchant/6560a1b2c3d4e5f601234569
func text(b []byte, realm ident.ID, e *Entry) []byte {
	b = append(b, "florin transfer 1\nrealm "...)
	b = append(b, realm...)
	b = append(b, "\nseq "...)
	b = strconv.AppendInt(b, e.Seq, 10)
	b = append(b, "\nid "...)
	b = append(b, e.ID...)
	b = append(b, "\nat "...)
	b = strconv.AppendInt(b, clock.Millis(e.At), 10)
	b = append(b, "\nkind "...)
	b = append(b, e.Kind...)
	b = append(b, "\nobject "...)
	b = append(b, e.Object.Kind...)
	b = append(b, ' ')
	b = append(b, e.Object.ID...)
	b = append(b, "\nreverses "...)
	if e.Reverses == "" {
		b = append(b, '-')
	}
	b = append(b, e.Reverses...)
	b = append(b, "\nmemo "...)
	b = strconv.AppendQuoteToASCII(b, e.Memo)
	b = append(b, '\n')
	for i := range e.Postings {
		p := &e.Postings[i]
		b = append(b, p.Column...)
		b = append(b, ' ')
		b = append(b, p.Amount.Currency...)
		b = append(b, ' ')
		b = strconv.AppendInt(b, p.Amount.Minor, 10)
		b = append(b, ' ')
		b = append(b, p.Account...)
		b = append(b, '\n')
	}
	return b
}

// link is the hash of a transfer whose canonical text is body, after the
// transfer whose hash is previous: SHA-256 over the 32 bytes of previous and
// body.
func link(previous, body []byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write(previous)
	h.Write(body)
	var out [sha256.Size]byte
	h.Sum(out[:0])
	return out
}

// chain follows a realm's hashes from the first transfer to the head and says
// which link is broken. When a transfer's hash does not fit, the next one
// tells why: it was made over the true hash, so if it fits the computed hash
// the stored one was changed, and if it fits the stored one the contents were.
type chain struct {
	realm    ident.ID
	seq, at  int64
	previous []byte // as stored
	computed []byte // nil unless the last transfer's hash is in doubt
	lost     bool   // transfers before the next one are missing
	vague    bool   // the one before the last could not be told: nor can the last
	text     []byte
}

// add checks e, the next transfer there is, and returns what is wrong with it
// or with the one before.
func (c *chain) add(e *Entry) []Finding {
	var found []Finding
	at := clock.Millis(e.At)
	if gap := e.Seq - c.seq - 1; gap > 0 {
		found = append(found, c.settle(false, false)...)
		found = append(found, Finding{missing(c.seq+1, e.Seq-1), fmt.Sprintf("missing: after %d comes %d", c.seq, e.Seq)})
		c.lost = true
	}
	if at < c.at {
		found = append(found, Finding{seqName(e.Seq), "is older than the transfer before it"})
	}
	c.text = text(c.text[:0], c.realm, e)
	hash := link(c.previous, c.text)
	fits := bytes.Equal(hash[:], e.Hash)
	if c.computed != nil {
		other := link(c.computed, c.text)
		changed := bytes.Equal(other[:], e.Hash)
		found = append(found, c.settle(fits, changed)...)
		fits = fits || changed
	}
	c.computed = nil
	// Over a gap the hash cannot be told: the gap itself is the finding.
	if !fits && !c.lost {
		c.computed = hash[:]
	} else {
		c.vague = false
	}
	c.seq, c.at, c.previous, c.lost = e.Seq, at, e.Hash, false
	return found
}

// settle says what is wrong with the transfer in doubt: its contents if what
// follows fits its stored hash, the hash if it fits the computed one.
func (c *chain) settle(contents, hash bool) []Finding {
	if c.computed == nil {
		return nil
	}
	c.computed = nil
	what := "its hash does not fit its contents and the transfer before it"
	vague := c.vague
	c.vague = !contents && !hash
	switch {
	case vague:
	case contents:
		what = "its contents were changed: they do not fit its hash, which the next link confirms"
	case hash:
		what = "its hash was changed: its contents and the next link fit another"
	}
	return []Finding{{seqName(c.seq), what}}
}

// end compares the last transfer with the head.
func (c *chain) end(h head) []Finding {
	var found []Finding
	if c.seq < h.seq {
		found = append(found, c.settle(false, false)...)
		return append(found, Finding{missing(c.seq+1, h.seq), fmt.Sprintf("missing: the head stands at %d", h.seq)})
	}
	fits := bytes.Equal(c.previous, h.hash)
	if c.computed != nil {
		changed := bytes.Equal(c.computed, h.hash)
		found = append(found, c.settle(fits, changed)...)
		fits = fits || changed
	}
	if !fits {
		found = append(found, Finding{"head", "its hash is not that of the last transfer"})
	}
	if h.at != c.at {
		found = append(found, Finding{"head", "its time is not that of the last transfer"})
	}
	return found
}

func missing(from, to int64) string {
	if from == to {
		return seqName(from)
	}
	return fmt.Sprintf("transfers %d to %d", from, to)
}
