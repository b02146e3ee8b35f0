package fake

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"

	"github.com/florinpay/florin/connector"
)

// statusOf is what an authentication without the payer finds.
var statusOf = map[Flow]string{Full: "Y", Attempted: "A", Technical: "U", NotIn: notEnrolled, failedFlow: "N", rejectedFlow: "R"}

// Flows that no listed card has; Simulate "3DS2_flow" asks for them.
const (
	failedFlow   Flow = "failed"
	rejectedFlow Flow = "rejected"
)

// flowOf decides whether 3-D Secure runs, and how: "" for not at all. A merchant
// who brings an authentication along, or acts without the payer, gets none.
func flowOf(req connector.Request, card Flow, wished bool) Flow {
	if req.MIT || req.ThreeDS != nil || req.Kind == connector.Credit {
		return ""
	}
	if req.Kind != connector.Authenticate && !req.Use3DS {
		return ""
	}
	if req.Challenge {
		return Challenge
	}
	switch req.Simulate["3DS2_flow"] {
	case "challenge":
		return Challenge
	case "frictionless":
		return Full
	case "attempted":
		return Attempted
	case "technical":
		return Technical
	case "failed":
		return failedFlow
	case "rejected":
		return rejectedFlow
	}
	switch {
	case req.Simulate["3DS2_enrolled"] == "false":
		return NotIn
	case wished:
		return ""
	case req.Simulate["3DS2_enrolled"] == "true" && (card == NotIn || card == Soft):
		return Full
	case card == Soft && req.Kind != connector.Authenticate:
		return ""
	case card == "" || card == Plain || card == Soft:
		return Full
	}
	return card
}

// brought reads the status of an authentication that the merchant brings.
func brought(t *connector.ThreeDS) string {
	if t.NotEnrolled {
		return notEnrolled
	}
	return t.Status
}

// stops is why a payment goes no further after an authentication, if it does
// not (gateway sheet, section 14).
func stops(auth string) string {
	switch auth {
	case "N":
		return authFailed
	case "U":
		return authTechnical
	case "R":
		return authRejected
	}
	return ""
}

// eci is the indicator of section 14's table.
func eci(auth, brand string) string {
	column := 0
	switch brand {
	case "MASTER", "MASTERDEBIT", "MAESTRO", "UNIONPAY":
		column = 1
	}
	switch auth {
	case "Y":
		return [2]string{"05", "02"}[column]
	case "A", notEnrolled:
		return [2]string{"06", "01"}[column]
	}
	return [2]string{"07", "00"}[column]
}

// threeDS tells what the authentication of a charge found, or nil when none
// ran or it is still running.
func threeDS(c charge) *connector.ThreeDS {
	if c.Auth == "" {
		return nil
	}
	t := &connector.ThreeDS{Status: c.Auth, ECI: eci(c.Auth, c.Brand), Version: "2.2.0", DSTransactionID: uuid(derive("ds", c)),
		ACSTransactionID: uuid(derive("acs", c))}
	switch c.Auth {
	case notEnrolled:
		*t = connector.ThreeDS{ECI: t.ECI, Version: t.Version, DSTransactionID: t.DSTransactionID, NotEnrolled: true}
	case "Y", "A":
		raw, err := hex.DecodeString(derive("cavv", c)[:40])
		if err == nil {
			t.VerificationID = base64.StdEncoding.EncodeToString(raw)
		}
	}
	return t
}

// derive makes a value that belongs to a charge for ever: 64 hex digits.
func derive(what string, c charge) string {
	sum := sha256.Sum256([]byte(what + "\x00" + c.Account + "\x00" + string(c.Attempt) + "\x00" + strconv.Itoa(int(c.N))))
	return hex.EncodeToString(sum[:])
}

func uuid(hex string) string {
	return hex[:8] + "-" + hex[8:12] + "-4" + hex[13:16] + "-a" + hex[17:20] + "-" + hex[20:32]
}
