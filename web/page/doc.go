// Package page is what every page of florin is made of: the layout, the
// style sheet, assets with their content's hash in their names, the security
// headers, the choice of language, the texts, and how money and dates are
// written in each language. What a page says belongs to the room that shows it
// (checkout, dev ...), which hands its templates, texts and assets to New.
package page
