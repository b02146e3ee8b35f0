package method

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
)

// A bank transfer is told from others by the reference that its payer quotes:
// ten characters, digits and capitals without 0, O, 1 and I, which are misread.
// The last two check the others: read as a number in base 32, a reference
// leaves 1 when divided by 97. So no single wrong character and no two that
// changed places go unnoticed. Source: april sheet, section 1.5.
const (
	referenceSigns  = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
	referenceLength = 10
	referenceCheck  = 97
)

// Reference makes a reference from a seed that nobody has used before. Two
// seeds may lead to one reference, once in a million million: whoever keeps
// references takes another seed then.
func Reference(seed string) string {
	sum := sha256.Sum256([]byte("florin.reference\x00" + seed))
	n := binary.BigEndian.Uint64(sum[:]) >> (64 - 5*(referenceLength-2))
	n *= 32 * 32
	n += (referenceCheck + 1 - n%referenceCheck) % referenceCheck
	var out [referenceLength]byte
	for i := range out {
		out[len(out)-1-i] = referenceSigns[n%32]
		n /= 32
	}
	return string(out[:])
}

// ReadReference finds a reference in what a payer wrote: small letters and
// spaces, dashes and dots between its characters do not matter, nor do other
// words before and after it. "" when there is none.
func ReadReference(text string) string {
	if r := readReference(text); r != "" {
		return r
	}
	for word := range strings.FieldsSeq(text) {
		if r := readReference(word); r != "" {
			return r
		}
	}
	return ""
}

func readReference(text string) string {
	var out []byte
	n := uint64(0)
	for i := range len(text) {
		c := text[i]
		switch {
		case c == ' ' || c == '-' || c == '.':
			continue
		case 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		}
		digit := place(c)
		if digit < 0 || len(out) == referenceLength {
			return ""
		}
		n = n*32 + uint64(digit)
		out = append(out, c)
	}
	if len(out) != referenceLength || n%referenceCheck != 1 {
		return ""
	}
	return string(out)
}

// place is the value of a character of a reference, or -1.
func place(c byte) int {
	for i := range len(referenceSigns) {
		if referenceSigns[i] == c {
			return i
		}
	}
	return -1
}
