package ledger

// pageSize is how many rows Verify reads in one statement.
const pageSize = 2000

// pages walks a table page by page, so that a check of everything holds
// neither a long read transaction nor much memory.
type pages[T any] struct {
	fetch func(last *T, to []T) ([]T, error) // the rows after last, in to's space
	page  []T
	i     int
	ended bool
}

// peek returns the next row without taking it, nil at the end. It is good
// until the next peek.
func (p *pages[T]) peek() (*T, error) {
	if p.i < len(p.page) {
		return &p.page[p.i], nil
	}
	if p.ended {
		return nil, nil
	}
	var last *T
	if n := len(p.page); n > 0 {
		row := p.page[n-1]
		last = &row
	}
	page, err := p.fetch(last, p.page)
	if err != nil {
		return nil, err
	}
	p.page, p.i = page, 0
	if len(page) < pageSize {
		p.ended = true
	}
	if len(page) == 0 {
		return nil, nil
	}
	return &p.page[0], nil
}

// next takes the next row.
func (p *pages[T]) next() (*T, error) {
	row, err := p.peek()
	if row != nil {
		p.i++
	}
	return row, err
}
