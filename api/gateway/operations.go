package gateway

// The operations of routes.go. Only what reads or deletes has its parameters
// in the query (section 1).
var (
	opPay            = operation{name: Pay}
	opRefer          = operation{name: Refer}
	opRead           = operation{name: Read, query: true}
	opQuery          = operation{name: Query, query: true}
	opCheckout       = operation{name: Prepare}
	opCheckoutUpdate = operation{name: Update}
	opRegister       = operation{name: Register}
	opTokenPay       = operation{name: TokenPay}
	opDelete         = operation{name: Delete, query: true}
	opExtend         = operation{name: Extend}
	opAuthenticate   = operation{name: Authenticate}
)
