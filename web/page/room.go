package page

import (
	"embed"
	"html/template"
	"io/fs"
	"strings"
)

//go:embed all:templates
var ownTemplates embed.FS

//go:embed texts
var ownTexts embed.FS

// Room is what a room of web brings along, each a flat folder. Every template
// file is a page, which defines "main"; files whose names start with an
// underscore are shared by the pages, and may define "layout" anew. Texts and
// Assets may be nil.
type Room struct {
	Templates fs.FS
	Texts     fs.FS
	Assets    fs.FS
}

// Set is the pages of one room, parsed.
type Set struct {
	pages  map[string]*template.Template
	texts  Texts
	assets map[string]asset
	marks  map[string]template.HTML
}

// New parses a room. It panics on a mistake in an embedded file, because
// every run and every test would meet it.
func New(room Room) *Set {
	s, err := parse(room)
	if err != nil {
		panic("web: " + err.Error())
	}
	return s
}

func parse(room Room) (*Set, error) {
	s := &Set{pages: map[string]*template.Template{}, marks: map[string]template.HTML{}}
	texts, err := LoadTexts(Folder(ownTexts, "texts"))
	if err != nil {
		return nil, err
	}
	if s.assets, err = loadAssets(Folder(embedded, "assets")); err != nil {
		return nil, err
	}
	if room.Texts != nil {
		more, err := LoadTexts(room.Texts)
		if err != nil {
			return nil, err
		}
		texts = more.join(texts)
	}
	s.texts = texts
	if room.Assets != nil {
		more, err := loadAssets(room.Assets)
		if err != nil {
			return nil, err
		}
		for name, a := range more {
			s.assets[name] = a
		}
	}
	for name, a := range s.assets {
		if strings.HasSuffix(name, ".svg") {
			s.marks[name] = template.HTML(a.body) // our own embedded file
		}
	}
	return s, s.parse(Folder(ownTemplates, "templates"), room.Templates)
}

// parse makes one template per page file of the folders, each with every
// shared file.
func (s *Set) parse(folders ...fs.FS) error {
	shared := template.New("").Option("missingkey=error").Funcs(template.FuncMap{
		"asset":     s.asset,
		"integrity": s.integrity,
		"mark":      func(name string) template.HTML { return s.marks[name] },
	})
	read := func(wanted bool, each func(name, text string) error) error {
		for _, fsys := range folders {
			if fsys == nil {
				continue
			}
			files, err := fs.Glob(fsys, "*.html")
			if err != nil {
				return err
			}
			for _, name := range files {
				if strings.HasPrefix(name, "_") != wanted {
					continue
				}
				text, err := fs.ReadFile(fsys, name)
				if err != nil {
					return err
				}
				if err := each(name, string(text)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	err := read(true, func(name, text string) error {
		_, err := shared.New(name).Parse(text)
		return err
	})
	if err != nil {
		return err
	}
	return read(false, func(name, text string) error {
		clone, err := shared.Clone()
		if err != nil {
			return err
		}
		s.pages[strings.TrimSuffix(name, ".html")], err = clone.New(name).Parse(text)
		return err
	})
}

// asset is the address of an asset; an unknown name fails the page.
func (s *Set) asset(name string) (string, error) {
	a, ok := s.assets[name]
	if !ok {
		return "", fs.ErrNotExist
	}
	return a.path, nil
}

func (s *Set) integrity(name string) string { return s.assets[name].integrity }

// Texts are the room's own texts and those that every page has.
func (s *Set) Texts() Texts { return s.texts }

// Script is a script that pages of the set may load, as an inventory lists it.
func (s *Set) Script(name string) (path, integrity string) {
	a := s.assets[name]
	return a.path, a.integrity
}

// Folder is a folder of an embedded file system.
func Folder(fsys embed.FS, name string) fs.FS {
	sub, err := fs.Sub(fsys, name)
	if err != nil {
		panic("web: " + err.Error()) // the name is a constant of the caller
	}
	return sub
}
