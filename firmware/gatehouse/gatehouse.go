// Package gatehouse lets so many connections in at once and no more, for the small
// servers of the box.
package gatehouse

import (
	"context"
	"net"
	"sync"
)

// Serve takes connections of l until ctx ends, each in a goroutine of its own that
// closes it behind answer; at most most are answered at once, and full is given every
// one beyond, to refuse and close. It closes l and returns when all answers have ended:
// nil when it was ctx that ended it, else what l says.
func Serve(ctx context.Context, l net.Listener, most int, full, answer func(net.Conn)) error {
	var conns sync.WaitGroup
	defer conns.Wait()
	defer l.Close()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	places := make(chan struct{}, most)
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			if err == nil {
				conn.Close()
			}
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case places <- struct{}{}:
		default:
			full(conn)
			continue
		}
		conns.Go(func() {
			defer func() { <-places }()
			defer conn.Close()
			answer(conn)
		})
	}
}
