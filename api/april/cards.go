package april

// cardBrands are the contract's words for brands (sheet, 4); "" for one that it
// does not know.
var cardBrands = map[string]string{"VISA": "Visa", "VISADEBIT": "Visa", "VISAELECTRON": "Electron", "MASTER": "MasterCard", "MASTERDEBIT": "MasterCard",
	"AMEX": "American Express", "DINERS": "Diners Club", "DISCOVER": "Discover", "UNIONPAY": "UnionPay", "MAESTRO": "Maestro", "ELO": "Elo",
	"HIPERCARD": "Hipercard", "JCB": "Jcb"}
