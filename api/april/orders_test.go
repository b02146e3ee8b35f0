package april_test

import (
	"fmt"
	"strings"
)

// orderFields are orders that are understood, with a field that is not right.
func orderFields() (list []wrong) {
	add := func(code, form string, values ...string) {
		for _, v := range values {
			list = append(list, wrong{"an order with " + v, "POST", "/orders", fmt.Sprintf(`{"CreateOnlineOrder":`+form+`}`, v), 400, code})
		}
	}
	amount := `{"referenceOrderId":"1","amount":{"minorCurrencyUnits":%s,"currency":"AUD"}}`
	add("validation_failed", amount, `0`, `-1`, `null`, `1000000000000001`, `9223372036854775807`)
	add("invalid_request", amount, `1999.5`, `"1999"`, `9223372036854775808`, `true`, `[]`)
	add("validation_failed", `{"referenceOrderId":"1","amount":{"minorCurrencyUnits":1,"currency":%s}}`, `"XYZ"`, `"aud"`, `""`, `null`)
	add("invalid_request", `{"referenceOrderId":"1","amount":%s}`, `12500`, `"125.00"`, `[]`)
	add("validation_failed", `{"amount":{"minorCurrencyUnits":1,"currency":"AUD"},"referenceOrderId":%s}`, `""`, `null`, `"`+strings.Repeat("a", 256)+`"`, `"a\nb"`)
	add("invalid_request", `{"amount":{"minorCurrencyUnits":1,"currency":"AUD"},"referenceOrderId":%s}`, `10045`, `{}`)
	rest := `{"amount":{"minorCurrencyUnits":1,"currency":"AUD"},"referenceOrderId":"1",%s}`
	add("validation_failed", rest, `"discountAmount":-1`, `"shipping":{"amount":-1}`, `"customerEmailAddress":"nobody"`, `"items":[{}]`, `"items":[{"amount":{"minorCurrencyUnits":1,"currency":"XYZ"}}]`,
		`"items":[{"amount":{"minorCurrencyUnits":1,"currency":"AUD"},"quantity":-1}]`, `"metadata":`+many(51), `"surcharge":{"surchargeOptions":`+many(0)[:1]+`"a":"`+strings.Repeat("a", 256)+`"}}`,
		`"billing":{"address":{"country":"Australia"}}`, `"description":"`+strings.Repeat("a", 1001)+`"`)
	add("invalid_request", rest, `"items":{}`, `"items":[1]`, `"items":[`+strings.Repeat(`{},`, 200)+`{}]`, `"shipping":[]`, `"discountAmount":"1"`, `"metadata":"a"`, `"surcharge":{"surchargeOptions":{"a":1}}`)
	link := func(code string, fields ...string) {
		for _, variant := range []string{"CreatePayByLink", "CreateInvoiceOrder"} {
			for _, f := range fields {
				list = append(list, wrong{variant + " with " + f, "POST", "/orders", `{"` + variant + `":{"amount":{"minorCurrencyUnits":1,"currency":"AUD"},"referenceOrderId":"1",` + f + `}}`, 400, code})
			}
		}
	}
	link("validation_failed", `"emailAddress":"nobody"`, `"emailAddress":"a@b.example, c@d.example"`, `"emailAddress":"\"a\"@b.example"`, `"phoneNumber":"0400 000 001"`, `"phoneNumber":"+0123"`,
		`"emailAddress":"a@b.example","sendSms":true`, `"phoneNumber":"+61400000001","sendEmail":true`, `"emailAddress":"a@b.example","expiresAt":"2020-01-01T00:00:00Z"`,
		`"emailAddress":"a@b.example","expiresAt":"tomorrow"`, `"emailAddress":"a@b.example","redirectUrl":"javascript:alert(1)"`, `"emailAddress":"a@b.example","redirectUrl":"/done"`,
		`"emailAddress":"a@b.example","redirectUrl":"https://a:b@shop.example/"`)
	link("invalid_request", `"emailAddress":1`, `"emailAddress":"a@b.example","sendEmail":"yes"`)
	for _, q := range []string{"orderType=gift", "status=gone", "amount=x", "amount=1.5", "createdAfter=x", "sort=price", "limit=0"} {
		list = append(list, wrong{"orders with " + q, "GET", "/orders?" + q, "", 400, "validation_failed"})
	}
	for _, id := range []string{"x", "mcht_AAAAAAAAAAAAAAAA", "ordr_AAAAAAAAAAAAAAAA", "ordr_", "ordr_%00"} {
		list = append(list, wrong{"the order " + id, "GET", "/orders/" + id, "", 404, "not_found"},
			wrong{"renaming " + id, "PATCH", "/orders/" + id, `{"UpdateReferenceOrderId":{"referenceOrderId":"a"}}`, 404, "not_found"},
			wrong{"cancelling " + id, "POST", "/orders/" + id + "/cancel", "", 404, "not_found"}, wrong{"deleting " + id, "DELETE", "/orders/" + id, "", 404, "not_found"})
	}
	return list
}
