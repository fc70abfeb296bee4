package app

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// 0.0.0.0 opens IPv4 and nothing else, and what is printed can be typed.
func TestListeningOnEveryAddress(t *testing.T) {
	dir := t.TempDir()
	office, err := os.ReadFile(filepath.FromSlash("../../board/sim/office.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "office.yaml")
	if err := os.WriteFile(file, office, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ownAddress(1); err != nil {
		t.Skip("this machine has no address but loopback: ", err, "; any machine with a network runs it")
	}
	c := runCmd{Config: file, Data: filepath.Join(dir, "data"), SIP: "0.0.0.0:0", Web: "0.0.0.0:0"}
	h, err := c.house(t, context.Background(), slog.New(slog.DiscardHandler), &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	rtp, err := h.out.RTP(netip.MustParseAddrPort("0.0.0.0:0"))
	if err != nil {
		t.Fatal(err)
	}
	defer rtp.Close()
	sip, wall := h.Addrs()
	for what, at := range map[string]string{"SIP": sip.String(), "SIP over TCP": h.out.SIPStream.Addr().String(), "wall": wall.String(), "RTP": rtp.LocalAddr().String()} {
		if !strings.HasPrefix(at, "0.0.0.0:") {
			t.Errorf("%s listens on %s", what, at)
		}
	}
	var out bytes.Buffer
	if err := h.Run(ended(), func() { h.greet(&out, "DATA", 0) }); err != nil {
		t.Fatal(err)
	}
	said := out.String()
	secretWord, err := h.secrets.Wall()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(said, "0.0.0.0") || strings.Contains(said, "[::]") || !strings.Contains(said, "centralita wall --data DATA") || strings.Contains(said, secretWord) {
		t.Errorf("a person cannot use this:\n%s", said)
	}
}

// ended returns a context that is over.
func ended() context.Context {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	return ctx
}
