package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const block = 4096

// probe measures the disk under a folder: one writer that writes 4 KiB over a
// file that is there already, as a log that is used again, and waits for the
// disk each time.
func probe(ctx context.Context, dir string, d time.Duration) (s sample, err error) {
	const blocks = 4096
	f, err := os.Create(filepath.Join(dir, "probe"))
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	page := make([]byte, block)
	for i := range page {
		page[i] = byte(i)
	}
	for i := range blocks {
		if _, err := f.WriteAt(page, int64(i)*block); err != nil {
			return s, err
		}
	}
	if err := f.Sync(); err != nil {
		return s, err
	}
	var took []float64
	start := time.Now()
	for i := 0; time.Since(start) < d && ctx.Err() == nil; i++ {
		began := time.Now()
		if _, err := f.WriteAt(page, int64(i%blocks)*block); err != nil {
			return s, err
		}
		if err := flush(f); err != nil {
			return s, err
		}
		took = append(took, float64(time.Since(began))/float64(time.Millisecond))
	}
	if len(took) == 0 {
		return s, ctx.Err()
	}
	slices.Sort(took)
	return sample{rate: float64(len(took)) / time.Since(start).Seconds(), p50: took[len(took)/2], p99: took[len(took)*99/100]}, nil
}
