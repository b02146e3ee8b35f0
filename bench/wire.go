package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// wire is a lean HTTP/1.1 client: one kept-alive connection, one request at a
// time. net/http would take as much of the two processors as the server.
type wire struct {
	conn   net.Conn
	in     *bufio.Reader
	out    []byte
	body   []byte
	host   string
	broken bool
}

// answerTimeout is when the generator stops waiting.
const answerTimeout = 30 * time.Second

func dial(addr string) (*wire, error) {
	c, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	return &wire{conn: c, in: bufio.NewReaderSize(c, 16<<10), host: addr}, nil
}

func (w *wire) close() {
	if w.conn != nil {
		_ = w.conn.Close() // the measurement is over
	}
}

// ask sends a request and reads its answer. The body is good until the next.
func (w *wire) ask(method, path, token, body string) (status int, answer []byte, err error) {
	defer func() { w.broken = err != nil }()
	w.out = w.out[:0]
	w.out = fmt.Appendf(w.out, "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n", method, path, w.host, token)
	if method == "POST" {
		w.out = fmt.Appendf(w.out, "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nContent-Length: %d\r\n", len(body))
	}
	w.out = append(w.out, "\r\n"...)
	w.out = append(w.out, body...)
	if err := w.conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return 0, nil, err
	}
	if _, err := w.conn.Write(w.out); err != nil {
		return 0, nil, err
	}
	return w.read()
}

var lengthHeader = []byte("Content-Length: ")

func (w *wire) read() (status int, answer []byte, err error) {
	line, err := w.in.ReadSlice('\n')
	if err != nil {
		return 0, nil, err
	}
	if len(line) < 12 {
		return 0, nil, errors.New("not an HTTP answer")
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, nil, err
	}
	length := -1
	for {
		line, err := w.in.ReadSlice('\n')
		if err != nil {
			return 0, nil, err
		}
		if len(line) <= 2 {
			break
		}
		if rest, ok := bytes.CutPrefix(line, lengthHeader); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(rest))); err != nil {
				return 0, nil, err
			}
		}
	}
	if length < 0 {
		return 0, nil, errors.New("an answer without a length")
	}
	if cap(w.body) < length {
		w.body = make([]byte, length)
	}
	w.body = w.body[:length]
	_, err = io.ReadFull(w.in, w.body)
	return status, w.body, err
}
