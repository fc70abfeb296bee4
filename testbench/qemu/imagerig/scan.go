package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"
)

// scanned is what a box shows to whoever tries each of its ports.
type scanned struct {
	open   []int // a connection is taken; UDP: nobody says that it is closed
	closed int
	silent []int // TCP: no answer at all
}

// scanTCP connects to every port of a host.
func scanTCP(ctx context.Context, host netip.Addr) (s scanned, err error) {
	ports := make(chan int)
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 128 {
		all.Go(func() {
			for p := range ports {
				taken, refused := connect(ctx, netip.AddrPortFrom(host, uint16(p)))
				mu.Lock()
				switch {
				case taken:
					s.open = append(s.open, p)
				case refused:
					s.closed++
				default:
					s.silent = append(s.silent, p)
				}
				mu.Unlock()
			}
		})
	}
	for p := 1; p < 1<<16 && ctx.Err() == nil; p++ {
		ports <- p
	}
	close(ports)
	all.Wait()
	slices.Sort(s.open)
	slices.Sort(s.silent)
	return s, ctx.Err()
}

// connect tries one port, again when nobody answers.
func connect(ctx context.Context, at netip.AddrPort) (taken, refused bool) {
	for range 3 {
		d := net.Dialer{Timeout: 5 * time.Second}
		c, err := d.DialContext(ctx, "tcp", at.String())
		if err == nil {
			_ = c.Close() // it was only a question
			return true, false
		}
		if errors.Is(err, syscall.ECONNREFUSED) {
			return false, true
		}
	}
	return false, false
}

// A kernel says of one closed port a second to each stranger (icmp_ratelimit), and of a
// thousand in all (icmp_msgs_per_sec): so many strangers ask, a little slower.
const (
	strangers = 960
	asked     = 800 // a second
	patience  = 1500 * time.Millisecond
)

// scanUDP sends a byte to every port of a host, each from one of many strangers, until
// the host says that the port is closed. What never says so is open, as far as one sees.
func scanUDP(ctx context.Context, host netip.Addr) (s scanned, err error) {
	left := make([]int, 0, 1<<16)
	for p := 1; p < 1<<16; p++ {
		left = append(left, p)
	}
	begin := netip.MustParsePrefix(wirePeople).Addr().As4()
	for round := range 5 {
		var mu sync.Mutex
		var open []int
		var all sync.WaitGroup
		tick := time.NewTicker(10 * time.Millisecond)
		for i, p := range left {
			if i%(asked/100) == 0 {
				select {
				case <-tick.C:
				case <-ctx.Done():
				}
			}
			if ctx.Err() != nil {
				break
			}
			n := (i + round) % strangers
			from := netip.AddrFrom4([4]byte{begin[0], begin[1], begin[2] + byte(n/240), byte(1 + n%240)})
			all.Go(func() {
				closed, e := refuses(from, netip.AddrPortFrom(host, uint16(p)))
				mu.Lock()
				defer mu.Unlock()
				if err = errors.Join(err, e); e == nil && !closed {
					open = append(open, p)
				}
			})
		}
		all.Wait()
		tick.Stop()
		if err = errors.Join(err, ctx.Err()); err != nil {
			return s, err
		}
		slices.Sort(open)
		if left = open; len(left) == 0 {
			break
		}
	}
	s.open, s.closed = left, 1<<16-1-len(left)
	return s, nil
}

// refuses asks one port for a while.
func refuses(from netip.Addr, at netip.AddrPort) (bool, error) {
	c, err := net.DialUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, 0)), net.UDPAddrFromAddrPort(at))
	if err != nil {
		return false, fmt.Errorf("cannot ask as %s: %w", from, err)
	}
	defer c.Close()
	if _, err := c.Write([]byte{0}); err != nil {
		return errors.Is(err, syscall.ECONNREFUSED), nil
	}
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return false, err
	}
	_, err = c.Read(make([]byte, 1))
	return errors.Is(err, syscall.ECONNREFUSED), nil
}
