package merchant

import (
	"bytes"
	"image"
	_ "image/jpeg" // logos
	_ "image/png"
	"regexp"
	"unicode/utf8"

	"github.com/florinpay/florin/core/fault"
)

// Look is what payers recognise a profile by on its pages. Whether a colour can
// be read the page decides, and falls back to its own where it cannot.
type Look struct {
	Name      string   `json:"name,omitempty"`      // in place of the merchant's
	Colour    string   `json:"colour,omitempty"`    // #rrggbb, of buttons and links
	Night     string   `json:"night,omitempty"`     // the same on dark pages; default Colour
	Logo      []byte   `json:"logo,omitempty"`      // a PNG or JPEG; in JSON base64
	Languages []string `json:"languages,omitempty"` // of en, nb, sv, da, fi, de, the usual one first; none: all
}

// The most that a logo may be.
const (
	logoBytes  = 32 << 10
	logoPixels = 1024 // each way
)

var (
	colourForm = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	tongueForm = regexp.MustCompile(`^(en|nb|sv|da|fi|de)$`)
)

// Check refuses a look that no page could have. Faults: invalid.settings.
func (l Look) Check() error {
	if utf8.RuneCountInString(l.Name) > 80 {
		return fault.At("invalid.settings", "look.name", "at most 80 characters")
	}
	for name, c := range map[string]string{"look.colour": l.Colour, "look.night": l.Night} {
		if c != "" && !colourForm.MatchString(c) {
			return fault.At("invalid.settings", name, "a colour is #rrggbb")
		}
	}
	for _, t := range l.Languages {
		if !tongueForm.MatchString(t) {
			return fault.At("invalid.settings", "look.languages", "%s is none of en, nb, sv, da, fi, de", t)
		}
	}
	if l.Logo == nil {
		return nil
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(l.Logo))
	if err != nil || len(l.Logo) > logoBytes || size.Width > logoPixels || size.Height > logoPixels {
		return fault.At("invalid.settings", "look.logo", "a PNG or JPEG of at most %d KiB and %d pixels each way", logoBytes>>10, logoPixels)
	}
	return nil
}
