package april

import "github.com/florinpay/florin/core/ident"

// Name is the contract's name of any object, by its prefix.
func Name(prefix string, id ident.ID) string { return idKind(prefix).wire(id) }
