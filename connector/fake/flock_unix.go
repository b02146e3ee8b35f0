//go:build unix

package fake

import (
	"errors"
	"os"
	"syscall"
)

// lock waits until no other process holds the file. A process that dies lets
// go of it.
func lock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func unlock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }
