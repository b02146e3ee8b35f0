package dev

import "net/http"

// galleryView is the list of the gallery's pages.
type galleryView struct {
	Prefix string
	Group
}

// ShowGallery answers with the list of pages that the gallery shows; the
// first cell of a row is the page's name under prefix.
func ShowGallery(w http.ResponseWriter, r *http.Request, prefix string, g Group) error {
	return show(w, r, "gallery", "Gallery", nil, galleryView{prefix, g})
}
