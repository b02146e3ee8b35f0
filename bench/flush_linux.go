package bench

import (
	"os"
	"syscall"
)

// flush waits until the disk has the file's content.
func flush(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }
