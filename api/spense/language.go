package spense

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Languages that answers are given in (sheet, 2.4); the first is for everybody
// else.
var languages = []string{"en", "no", "sv", "da", "fi"}

// language is the best of Accept-Language that we speak.
func language(r *http.Request) string {
	best, weight := languages[0], 0.0
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		q := 1.0
		if text, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q="); ok {
			var err error
			if q, err = strconv.ParseFloat(text, 64); err != nil {
				continue
			}
		}
		primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if primary == "nb" || primary == "nn" {
			primary = "no"
		}
		if q > weight && slices.Contains(languages, primary) {
			best, weight = primary, q
		}
	}
	return best
}

// translate puts a text of ours into a language; what has no translation stays
// English.
func translate(lang, english string) string {
	if t := translations[english][lang]; t != "" {
		return t
	}
	return english
}

// linkName is what the default payment method is called.
const linkName = "Payment link via SMS/Email"

var translations = map[string]map[string]string{
	linkName:           {"no": "Betalingslenke via SMS/e-post", "sv": "Betallänk via SMS/e-post", "da": "Betalingslink via SMS/e-mail", "fi": "Maksulinkki tekstiviestillä/sähköpostilla"},
	errNotFound.detail: {"no": "Ikke funnet", "sv": "Hittades inte", "da": "Ikke fundet", "fi": "Ei löytynyt"},
	errNoMethod.detail: {"no": "Metoden er ikke tillatt", "sv": "Metoden är inte tillåten", "da": "Metoden er ikke tilladt", "fi": "Menetelmä ei ole sallittu"},
	errBody.detail:     {"no": "Innholdet kunne ikke leses", "sv": "Innehållet kunde inte läsas", "da": "Indholdet kunne ikke læses", "fi": "Sisältöä ei voitu lukea"},
	errClient.detail:   {"no": "Feil klient-ID eller klienthemmelighet", "sv": "Fel klient-id eller klienthemlighet", "da": "Forkert klient-id eller klienthemmelighed", "fi": "Väärä asiakastunnus tai salaisuus"},
	errDisabled.detail: {"no": "API-nøkkelen er deaktivert", "sv": "API-nyckeln är inaktiverad", "da": "API-nøglen er deaktiveret", "fi": "API-avain on poistettu käytöstä"},
	errNobody.detail:   {"no": "Ikke autentisert", "sv": "Inte autentiserad", "da": "Ikke godkendt", "fi": "Ei todennettu"},
	errToken.detail:    {"no": "Ugyldig eller utløpt token", "sv": "Ogiltig eller utgången token", "da": "Ugyldigt eller udløbet token", "fi": "Virheellinen tai vanhentunut tunniste"},
	errWhich.detail:    {"no": "X-Organization-Id må oppgis", "sv": "X-Organization-Id måste anges", "da": "X-Organization-Id skal angives", "fi": "X-Organization-Id on annettava"},
	errOrganization.detail: {"no": "X-Organization-Id er ikke en gyldig organisasjons-ID", "sv": "X-Organization-Id är inte ett giltigt organisations-id",
		"da": "X-Organization-Id er ikke et gyldigt organisations-id", "fi": "X-Organization-Id ei ole kelvollinen organisaatiotunnus"},
	errNoAccess.detail: {"no": "Ingen tilgang til denne organisasjonen", "sv": "Ingen åtkomst till den här organisationen", "da": "Ingen adgang til denne organisation", "fi": "Ei pääsyä tähän organisaatioon"},
	errPayment.detail:  {"no": "Fant ikke betalingen", "sv": "Betalningen hittades inte", "da": "Betalingen blev ikke fundet", "fi": "Maksua ei löytynyt"},
	errMethod.detail:   {"no": "Fant ikke betalingsmetoden", "sv": "Betalningsmetoden hittades inte", "da": "Betalingsmetoden blev ikke fundet", "fi": "Maksutapaa ei löytynyt"},
	errInactive.detail: {"no": "Betalingsmetoden er ikke aktiv", "sv": "Betalningsmetoden är inte aktiv", "da": "Betalingsmetoden er ikke aktiv", "fi": "Maksutapa ei ole käytössä"},
	errNotForThis.detail: {"no": "Betalingsmetoden er ikke tilgjengelig for denne betalingsprofilen", "sv": "Betalningsmetoden är inte tillgänglig för den här betalningsprofilen",
		"da": "Betalingsmetoden er ikke tilgængelig for denne betalingsprofil", "fi": "Maksutapa ei ole käytettävissä tälle maksuprofiilille"},
	errNoProfile.detail: {"no": "profileId eller paymentDepartment må oppgis", "sv": "profileId eller paymentDepartment måste anges", "da": "profileId eller paymentDepartment skal angives", "fi": "profileId tai paymentDepartment on annettava"},
	errProfile.detail:   {"no": "Fant ikke betalingsprofilen", "sv": "Betalningsprofilen hittades inte", "da": "Betalingsprofilen blev ikke fundet", "fi": "Maksuprofiilia ei löytynyt"},
	errInstalments.detail: {"no": "Avdragene summerer ikke til totalGrossAmount", "sv": "Delbetalningarna summerar inte till totalGrossAmount",
		"da": "Raterne giver ikke totalGrossAmount", "fi": "Maksuerien summa ei ole totalGrossAmount"},
	errFinal.detail:                       {"no": "Betalingen har allerede en endelig status", "sv": "Betalningen har redan en slutgiltig status", "da": "Betalingen har allerede en endelig status", "fi": "Maksulla on jo lopullinen tila"},
	errPaying.detail:                      {"no": "Betalingen er i ferd med å bli betalt", "sv": "Betalningen håller på att betalas", "da": "Betalingen er ved at blive betalt", "fi": "Maksua maksetaan parhaillaan"},
	errUnpaid.detail:                      {"no": "Betalingen er ikke betalt", "sv": "Betalningen är inte betald", "da": "Betalingen er ikke betalt", "fi": "Maksua ei ole maksettu"},
	errNoTerminal.detail:                  {"no": "Betalingen ble ikke gjort på en terminal", "sv": "Betalningen gjordes inte på en terminal", "da": "Betalingen blev ikke foretaget på en terminal", "fi": "Maksua ei tehty päätteellä"},
	errTerminalOff.detail:                 {"no": "Terminalen er ikke aktiv", "sv": "Terminalen är inte aktiv", "da": "Terminalen er ikke aktiv", "fi": "Pääte ei ole käytössä"},
	errTerminalBusy.detail:                {"no": "Terminalen er opptatt", "sv": "Terminalen är upptagen", "da": "Terminalen er optaget", "fi": "Pääte on varattu"},
	errTooHigh.detail:                     {"no": "Refusjonsbeløpet er for høyt", "sv": "Återbetalningsbeloppet är för högt", "da": "Refusionsbeløbet er for højt", "fi": "Hyvityssumma on liian suuri"},
	errCurrency.detail:                    {"no": "Valutaen støttes ikke", "sv": "Valutan stöds inte", "da": "Valutaen understøttes ikke", "fi": "Valuuttaa ei tueta"},
	"Cancelled on the terminal":           {"no": "Avbrutt på terminalen", "sv": "Avbrutet på terminalen", "da": "Afbrudt på terminalen", "fi": "Peruutettu päätteellä"},
	"Nobody paid on the terminal in time": {"no": "Ingen betalte på terminalen i tide", "sv": "Ingen betalade på terminalen i tid", "da": "Ingen betalte på terminalen i tide", "fi": "Kukaan ei maksanut päätteellä ajoissa"},
	"The terminal is switched off or cannot be reached": {"no": "Terminalen er slått av eller kan ikke nås", "sv": "Terminalen är avstängd eller kan inte nås",
		"da": "Terminalen er slukket eller kan ikke nås", "fi": "Pääte on pois päältä tai siihen ei saada yhteyttä"},
	"Declined": {"no": "Avvist", "sv": "Nekades", "da": "Afvist", "fi": "Hylätty"},
	"The terminal does not say what became of the payment": {"no": "Terminalen sier ikke hva som skjedde med betalingen", "sv": "Terminalen säger inte hur det gick med betalningen",
		"da": "Terminalen siger ikke, hvad der skete med betalingen", "fi": "Pääte ei kerro, miten maksun kävi"},
	"VAT number":     {"no": "Org.nr.", "sv": "Momsreg.nr", "da": "Momsnr.", "fi": "ALV-tunnus"},
	"Order":          {"no": "Ordre", "sv": "Order", "da": "Ordre", "fi": "Tilaus"},
	"Reference":      {"no": "Referanse", "sv": "Referens", "da": "Reference", "fi": "Viite"},
	"Paid":           {"no": "Betalt", "sv": "Betalt", "da": "Betalt", "fi": "Maksettu"},
	"Time":           {"no": "Tid", "sv": "Tid", "da": "Tid", "fi": "Aika"},
	"Payment":        {"no": "Betaling", "sv": "Betalning", "da": "Betaling", "fi": "Maksu"},
	errAmount.detail: {"no": "Beløpet støttes ikke", "sv": "Beloppet stöds inte", "da": "Beløbet understøttes ikke", "fi": "Summaa ei tueta"},
	errLimit.detail:  {"no": "Beløpet er over grensen", "sv": "Beloppet är över gränsen", "da": "Beløbet er over grænsen", "fi": "Summa ylittää rajan"},
	errRange.detail:  {"no": "En tekst eller en dato er utenfor det tillatte", "sv": "En text eller ett datum är utanför det tillåtna", "da": "En tekst eller en dato er uden for det tilladte", "fi": "Teksti tai päivämäärä on sallitun alueen ulkopuolella"},
	errKey.detail:    {"no": "Idempotency-Key er ikke gyldig", "sv": "Idempotency-Key är inte giltig", "da": "Idempotency-Key er ikke gyldig", "fi": "Idempotency-Key ei kelpaa"},
	errReused.detail: {"no": "Idempotency-Key ble brukt for en annen forespørsel", "sv": "Idempotency-Key användes för en annan förfrågan", "da": "Idempotency-Key blev brugt til en anden forespørgsel", "fi": "Idempotency-Key on käytetty toiseen pyyntöön"},
	errUnderWay.detail: {"no": "Den første forespørselen med denne Idempotency-Key pågår", "sv": "Den första förfrågan med denna Idempotency-Key pågår",
		"da": "Den første forespørgsel med denne Idempotency-Key er i gang", "fi": "Ensimmäinen pyyntö tällä Idempotency-Key-arvolla on kesken"},
	errOutside.detail: {"no": "Betalingen ble betalt utenfor og kan ikke refunderes her", "sv": "Betalningen betalades utanför och kan inte återbetalas här",
		"da": "Betalingen blev betalt udenfor og kan ikke refunderes her", "fi": "Maksu on maksettu muualla, eikä sitä voi hyvittää täällä"},
	errRefused.detail:   {"no": "Betalingsleverandøren avslo refusjonen", "sv": "Betalleverantören nekade återbetalningen", "da": "Betalingsudbyderen afviste refusionen", "fi": "Maksupalvelu hylkäsi hyvityksen"},
	errBusy.detail:      {"no": "Tjenesten er opptatt", "sv": "Tjänsten är upptagen", "da": "Tjenesten er optaget", "fi": "Palvelu on varattu"},
	errLarge.detail:     {"no": "Innholdet er for stort", "sv": "Innehållet är för stort", "da": "Indholdet er for stort", "fi": "Sisältö on liian suuri"},
	errBackwards.detail: {"no": "from_date kan ikke være etter to_date", "sv": "from_date får inte vara efter to_date", "da": "from_date må ikke være efter to_date", "fi": "from_date ei saa olla to_date-päivän jälkeen"},
	errSpan.detail:      {"no": "Datointervallet er for langt", "sv": "Datumintervallet är för långt", "da": "Datointervallet er for langt", "fi": "Aikaväli on liian pitkä"},
	errThrottle.detail:  {"no": "For mange forespørsler", "sv": "För många förfrågningar", "da": "For mange forespørgsler", "fi": "Liian monta pyyntöä"},
}

// wireLanguage is the contract's name of the language in which a payer is
// written to.
func wireLanguage(locale string) string {
	if locale == "nb" {
		return "no"
	}
	return locale
}
