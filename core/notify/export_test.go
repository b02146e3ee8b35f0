package notify

// Texts are the lines of all templates.
func Texts() map[string]map[string]string { return texts }
