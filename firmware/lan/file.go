package lan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/centralita/centralita/firmware/config/place"
	"github.com/centralita/centralita/firmware/durable"
)

// maxFile is how many bytes a file of wanted addresses may have.
const maxFile = 16 << 10

// Parse reads a document of wanted addresses called name in its problems.
func Parse(name string, data []byte) (Wanted, []place.Problem) {
	sink := place.NewSink(name)
	if len(data) > maxFile {
		sink.Report(place.At{}, fmt.Sprintf("it has %d bytes", len(data)), fmt.Sprintf("%d is the most", maxFile), "")
		return Wanted{}, sink.Problems()
	}
	var w Wanted
	if root := place.Parse(sink, data); root != nil && root.Kind != place.Nothing {
		w = Read(sink, root)
	}
	if !sink.Empty() {
		return Wanted{}, sink.Problems()
	}
	return w, nil
}

// Read reads wanted addresses from a part of a document: a mapping from the names
// of interfaces to what is wanted of each.
func Read(sink *place.Sink, n *place.Node) Wanted {
	var w Wanted
	for _, p := range sink.Pairs(n, "net") {
		f := Face{Name: p.Key.Text}
		before := len(sink.Problems())
		fields := sink.Fields(p.Value, p.Value.At, p.Key.Text)
		f.DHCP = fields.Bool("dhcp", false)
		if fields.Has("address") || !f.DHCP {
			text := fields.NeedText("address", "192.168.1.40/24, or dhcp: true")
			var err error
			if f.Address, err = netip.ParsePrefix(text); err != nil && text != "" {
				sink.Report(fields.At("address"), fmt.Sprintf("%s is no address with a length", place.Quote(text)), "", "write one such as 192.168.1.40/24")
			}
		}
		if fields.Has("gateway") {
			f.Gateway = address(sink, fields.At("gateway"), fields.Text("gateway", ""))
		} else {
			fields.Get("gateway")
		}
		for _, d := range fields.Texts("dns") {
			f.DNS = append(f.DNS, address(sink, d.At, d.Text))
		}
		fields.Done()
		if err := f.Check(); err != nil && len(sink.Problems()) == before {
			sink.Report(p.Key.At, err.Error(), "", "")
		}
		w = w.With(f)
	}
	if len(w.Interfaces) > maxFaces {
		sink.Report(n.At, fmt.Sprintf("it names %d interfaces", len(w.Interfaces)), fmt.Sprintf("%d is the most", maxFaces), "")
	}
	return w
}

func address(sink *place.Sink, at place.At, text string) netip.Addr {
	a, err := netip.ParseAddr(text)
	if err != nil {
		sink.Report(at, fmt.Sprintf("%s is no address", place.Quote(text)), "", "write one such as 192.168.1.1")
	}
	return a
}

// Text is the document that Parse reads.
func (w Wanted) Text() []byte {
	var b bytes.Buffer
	b.WriteString("# Wanted and confirmed addresses; changed by: centralita net set\n")
	for _, f := range w.Interfaces {
		fmt.Fprintf(&b, "%s:\n", f.Name)
		if f.DHCP {
			b.WriteString("  dhcp: true\n")
		} else {
			fmt.Fprintf(&b, "  address: %s\n", f.Address)
		}
		if f.Gateway.IsValid() {
			fmt.Fprintf(&b, "  gateway: %s\n", f.Gateway)
		}
		if len(f.DNS) > 0 {
			b.WriteString("  dns:\n")
			for _, a := range f.DNS {
				fmt.Fprintf(&b, "    - %q\n", a)
			}
		}
	}
	return b.Bytes()
}

// Load reads the file at path; a missing one wants nothing. It follows no symbolic
// link in the last part of path and waits at no pipe, since whoever owns the folder is not trusted by
// whoever reads.
func Load(path string) (Wanted, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|noFollow, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return Wanted{}, nil
	}
	if err != nil {
		return Wanted{}, fmt.Errorf("cannot read the wanted addresses: %w", err)
	}
	defer f.Close() // nothing was written
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return Wanted{}, errors.Join(fmt.Errorf("cannot read the wanted addresses: %s is no plain file", path), err)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return Wanted{}, fmt.Errorf("cannot read the wanted addresses: %w", err)
	}
	w, problems := Parse(path, data)
	if len(problems) > 0 {
		lines := make([]string, len(problems))
		for i, p := range problems {
			lines[i] = p.String()
		}
		return Wanted{}, fmt.Errorf("cannot use the wanted addresses: %s", strings.Join(lines, "; "))
	}
	return w, nil
}

// Save replaces the file at path.
func Save(path string, w Wanted) error { return durable.WriteFile(path, w.Text(), 0o644) }

// Equal reports whether both want the same.
func (f Face) Equal(g Face) bool {
	return f.Name == g.Name && f.DHCP == g.DHCP && f.Address == g.Address && f.Gateway == g.Gateway && slices.Equal(f.DNS, g.DNS)
}
