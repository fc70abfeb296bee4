package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"

	"github.com/centralita/centralita/testbench/expect"
)

// line is the far end of a box's serial line, from a place in what it has said on.
type line struct {
	b    *box
	at   int
	over chan struct{}
}

// line returns the line from a place on.
func (b *box) line(at int) *line { return &line{b: b, at: at, over: make(chan struct{})} }

// Read implements io.Reader; it waits for the box to say something.
func (l *line) Read(p []byte) (int, error) {
	for {
		l.b.mu.Lock()
		n := copy(p, l.b.text.Bytes()[l.at:])
		more := l.b.more
		l.b.mu.Unlock()
		if n > 0 {
			l.at += n
			return n, nil
		}
		select {
		case <-more:
		case <-l.b.ended:
			return 0, io.EOF
		case <-l.over:
			return 0, io.EOF
		}
	}
}

// Write implements io.Writer.
func (l *line) Write(p []byte) (int, error) { return len(p), l.b.keys(string(p)) }

// Close ends Read; the box goes on.
func (l *line) Close() error {
	close(l.over)
	return nil
}

// examiner lets what was written for tests run in a rig.
type examiner struct {
	err  error
	ends []func()
}

func (*examiner) Helper() {}

// Cleanup keeps what is to be done at the end, the last one first.
func (e *examiner) Cleanup(f func()) { e.ends = append(e.ends, f) }

// Fatalf ends what is examined.
func (e *examiner) Fatalf(format string, args ...any) {
	e.err = fmt.Errorf(format, args...)
	runtime.Goexit()
}

// examined runs do until it returns or fails.
func examined(do func(expect.T)) error {
	e := &examiner{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		do(e)
	}()
	<-done
	for _, f := range slices.Backward(e.ends) {
		f()
	}
	return e.err
}
