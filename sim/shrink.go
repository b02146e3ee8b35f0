package sim

import (
	"context"
	"slices"
)

// Shrink looks for a shorter plan that breaks the same rule: it leaves steps
// out, then takes the bad luck out of those that remain. It runs at most tries
// plans and returns the shortest that was found, with its run and trace.
func Shrink(ctx context.Context, p Plan, v *Violation, tries int) (Plan, *Result, error) {
	best := p
	if best.Only == nil {
		best.Only = make([]int, p.Steps)
		for i := range best.Only {
			best.Only[i] = i
		}
	}
	if v.Step < len(best.Only) { // what came after it has not run
		best.Only = slices.DeleteFunc(slices.Clone(best.Only), func(n int) bool { return n > v.Step })
	}
	best.Trace = false
	breaks := func(q Plan) bool {
		if tries--; tries < 0 || ctx.Err() != nil {
			return false
		}
		r, err := Run(ctx, q)
		return err == nil && r.Violation != nil && r.Violation.Oracle == v.Oracle
	}
	for size := len(best.Only) / 2; size > 0 && tries > 0; size /= 2 {
		for from := 0; from < len(best.Only) && tries > 0; {
			q := best
			q.Only = slices.Delete(slices.Clone(best.Only), from, min(from+size, len(best.Only)))
			if breaks(q) {
				best = q
			} else {
				from += size
			}
		}
	}
	for _, n := range best.Only {
		q := best
		q.Calm = append(slices.Clone(best.Calm), n)
		if tries > 0 && breaks(q) {
			best = q
		}
	}
	best.Trace = true
	r, err := Run(ctx, best)
	return best, r, err
}
