package page

import "github.com/florinpay/florin/core/money"

// exponent is how many decimals amounts of a currency are written with: ISO
// 4217's, since an amount to pay is shown to its last unit.
func exponent(c money.Currency) int {
	switch c {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	}
	return 2
}
