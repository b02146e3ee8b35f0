package payment

import (
	"slices"
	"strconv"
	"strings"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Between reads the attempts whose ids lie from one to before another, with
// their payments: ids are dated, so these are the attempts of a span of time.
func Between(tx *store.Tx, from, before ident.ID) ([]Outcome, error) {
	list, err := outcomes(tx, ownBetweenText, string(tx.Realm()), string(from), string(before))
	if err != nil {
		return nil, err
	}
	later, err := outcomes(tx, laterBetweenText, string(tx.Realm()), string(from), string(before))
	return append(list, later...), err
}

// Around reads all attempts of the payments that the named attempts belong to,
// with their payments. Attempts that do not exist are left out.
func Around(tx *store.Tx, attempts []ident.ID) ([]Outcome, error) {
	of := slices.Clone(attempts) // a payment's own attempt has its id
	err := anyOf(tx, ownersText, attempts, func(scan func(...any) error) error {
		var id ident.ID
		err := scan(&id)
		of = append(of, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(of)
	var list []Outcome
	err = anyOf(tx, aroundText, slices.Compact(of), func(scan func(...any) error) error {
		out, err := scanOutcome(scan)
		list = append(list, out)
		return err
	})
	return list, err
}

// anyOf runs a query that ends with the beginning of a list over ids, a part of
// them at a time.
func anyOf(tx *store.Tx, query string, ids []ident.ID, each func(scan func(...any) error) error) error {
	for part := range slices.Chunk(ids, 400) {
		args := []any{string(tx.Realm())}
		places := make([]string, len(part))
		for i, id := range part {
			args, places[i] = append(args, string(id)), "$"+strconv.Itoa(i+2)
		}
		if err := tx.All(query+strings.Join(places, ", ")+")", args, each); err != nil {
			return err
		}
	}
	return nil
}
