package app

import (
	"context"
	"net"
	"os"
	"strings"

	"github.com/centralita/centralita/firmware/support"
)

// tellNetwork is what the kernel shows of the network. Of hardware addresses only the
// maker's half is told.
func tellNetwork(context.Context) ([]byte, error) {
	type face struct {
		Name  string   `json:"name"`
		Flags string   `json:"flags"`
		MTU   int      `json:"mtu"`
		Maker string   `json:"maker,omitempty"`
		Addrs []string `json:"addrs"`
	}
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var faces []face
	for _, i := range all {
		f := face{Name: i.Name, Flags: i.Flags.String(), MTU: i.MTU}
		if len(i.HardwareAddr) >= 3 {
			f.Maker = i.HardwareAddr[:3].String()
		}
		addrs, err := i.Addrs()
		if err != nil {
			return nil, err
		}
		for _, a := range addrs {
			f.Addrs = append(f.Addrs, a.String())
		}
		faces = append(faces, f)
	}
	lines := func(file string) []string {
		b, err := os.ReadFile(file)
		if err != nil {
			return []string{"(" + err.Error() + ")"}
		}
		return strings.Split(strings.TrimSpace(string(b)), "\n")
	}
	return support.JSON(map[string]any{"interfaces": faces, "routes": lines("/proc/net/route"), "routes6": lines("/proc/net/ipv6_route"), "resolver": lines("/etc/resolv.conf")})
}
