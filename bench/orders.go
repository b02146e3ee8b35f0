package bench

import "bytes"

// orders is a shop's sale through the April contract: an order, a token of a
// card, and the order paid with the token. It counts as one request.
func orders(w *worker) (bool, string) {
	w.entity++
	secret := w.target.Secrets[w.entity%len(w.target.Secrets)]
	const amount = `"amount":{"minorCurrencyUnits":9200,"currency":"EUR"}`
	order, ok, problem := w.make(secret, "/orders", `{"CreateOnlineOrder":{"referenceOrderId":"`+w.number()+`",`+amount+`,"description":"1 item"}}`, `"orderId":"`)
	if !ok {
		return ok, problem
	}
	token, ok, problem := w.make(secret, "/tokens", `{"CreateCardToken":{`+amount+
		`,"card":{"cardNumber":"4242424242424242","expMonth":8,"expYear":2032,"cvc":"321","cardHolderName":"Nora Lind"}}}`, `"paymentTokenId":"`)
	if !ok {
		return ok, problem
	}
	_, ok, problem = w.make(secret, "/orders/"+order+"/pay", `{"PayByPaymentToken":{"paymentTokenId":"`+token+`"}}`, `"transactionId":"`)
	return ok, problem
}

// make posts a body and returns the id that stands behind a text in the answer.
func (w *worker) make(secret, path, body, before string) (id string, ok bool, problem string) {
	status, answer, err := w.conn.ask("POST", path, secret, body)
	if ok, problem = judge(status, answer, err); !ok {
		return "", ok, problem
	}
	_, rest, _ := bytes.Cut(answer, []byte(before))
	name, _, found := bytes.Cut(rest, []byte(`"`))
	if !found {
		return "", false, "no " + before + " in the answer of " + path
	}
	return string(name), true, ""
}
