package main

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/fsk"
	"github.com/centralita/centralita/dsp/wav"
)

//go:embed testdata/spandspcid.c
var source []byte

// listener hears messages in audio and tells how many of those that were sent
// came whole, and how many others it gave out as good; −1 when it does not judge.
type listener struct {
	name string
	hear func(x []int16, mode fsk.Mode, all []sent) (good, wrong int, err error)
}

// ours is what this house has.
var ours = listener{"ours", func(x []int16, mode fsk.Mode, all []sent) (good, wrong int, err error) {
	var raws [][]byte
	for _, m := range cid.NewReceiver().Feed(x, nil) {
		if int(m.Standard) == int(mode) { // heard by the wrong modem counts as not heard
			raws = append(raws, m.Raw)
		}
	}
	good, wrong = match(raws, all)
	return good, wrong, nil
}}

// match compares messages in their order.
func match(heard [][]byte, all []sent) (good, wrong int) {
	next := 0
	for _, raw := range heard {
		k := next
		for k < len(all) && !bytes.Equal(all[k].raw, raw) {
			k++
		}
		if k == len(all) || len(all[k].name) == 0 {
			wrong++
			continue
		}
		good++
		next = k + 1
	}
	return good, wrong
}

// peers returns those that are installed and says what the others need.
func peers(dir string) (list []listener, missing []string) {
	program := filepath.Join(dir, "spandspcid")
	c := program + ".c"
	err := os.WriteFile(c, source, 0o600)
	if err == nil {
		var out []byte
		if out, err = exec.Command("cc", "-O2", "-o", program, c, "-lspandsp", "-lm").CombinedOutput(); err != nil {
			err = fmt.Errorf("%w: %.200s", err, out)
		}
	}
	if err == nil {
		list = append(list, listener{"spandsp", func(x []int16, m fsk.Mode, all []sent) (int, int, error) { return spandsp(dir, program, x, m, all) }})
	} else {
		missing = append(missing, fmt.Sprintf("spandsp (apt-get install gcc libspandsp-dev): %v", err))
	}
	for _, p := range []listener{
		{"minimodem", func(x []int16, m fsk.Mode, all []sent) (int, int, error) { return minimodem(dir, x, m, all) }},
		{"multimon-ng", func(x []int16, m fsk.Mode, all []sent) (int, int, error) { return multimon(dir, x, m, all) }},
	} {
		if _, err := exec.LookPath(p.name); err != nil {
			missing = append(missing, fmt.Sprintf("%s (apt-get install %s)", p.name, p.name))
			continue
		}
		list = append(list, p)
	}
	return list, missing
}

func rawFile(dir string, x []int16) (string, error) {
	b := make([]byte, 2*len(x))
	for i, v := range x {
		binary.LittleEndian.PutUint16(b[2*i:], uint16(v))
	}
	file := filepath.Join(dir, "line.raw")
	return file, os.WriteFile(file, b, 0o600)
}

func spandsp(dir, program string, x []int16, m fsk.Mode, all []sent) (good, wrong int, err error) {
	file, err := rawFile(dir, x)
	if err != nil {
		return 0, 0, err
	}
	standard := "class"
	if m == fsk.V23 {
		standard = "clip"
	}
	out, err := exec.Command(program, standard, file).Output()
	if err != nil {
		return 0, 0, fmt.Errorf("cannot listen by spandsp: %w", err)
	}
	var raws [][]byte
	for line := range strings.Lines(string(out)) {
		raw, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil || len(raw) < 2 {
			return 0, 0, fmt.Errorf("cannot read what spandsp says: %q: %w", line, err)
		}
		raws = append(raws, raw[:min(len(raw), 2+int(raw[1]))])
	}
	good, wrong = match(raws, all)
	return good, wrong, nil
}

// minimodem gives out octets; it does not judge messages.
func minimodem(dir string, x []int16, m fsk.Mode, all []sent) (good, wrong int, err error) {
	file := filepath.Join(dir, "line.wav")
	f, err := os.Create(file)
	if err != nil {
		return 0, 0, err
	}
	err = wav.Write(f, wav.PCM, x)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return 0, 0, err
	}
	mark, space := m.Tones()
	out, err := exec.Command("minimodem", "--rx", "--quiet", "--ascii", "-M", fmt.Sprint(mark), "-S", fmt.Sprint(space), "-f", file, "1200").Output()
	if err != nil && len(out) == 0 {
		return 0, 0, fmt.Errorf("cannot listen by minimodem: %w", err)
	}
	for _, s := range all {
		whole := append(s.raw[:len(s.raw):len(s.raw)], cid.Checksum(s.raw))
		if k := bytes.Index(out, whole); k >= 0 {
			good, out = good+1, out[k+len(whole):]
		}
	}
	return good, -1, nil
}

// multimon reads V.23 as caller id, and Bell 202 as octets that it does not
// judge.
func multimon(dir string, x []int16, m fsk.Mode, all []sent) (good, wrong int, err error) {
	file, err := rawFile(dir, resampled(x))
	if err != nil {
		return 0, 0, err
	}
	how := "UFSK1200"
	if m == fsk.V23 {
		how = "CLIPFSK"
	}
	b, err := exec.Command("multimon-ng", "-q", "-c", "-a", how, "-t", "raw", file).Output()
	if err != nil {
		return 0, 0, fmt.Errorf("cannot listen by multimon-ng: %w", err)
	}
	out := string(b)
	if m == fsk.Bell202 {
		for _, s := range all {
			text := printed(append(s.raw[:len(s.raw):len(s.raw)], cid.Checksum(s.raw)))
			if k := strings.Index(out, text); k >= 0 {
				good, out = good+1, out[k+len(text):]
			}
		}
		return good, -1, nil
	}
	told := strings.Count(out, "CLIPFSK: ")
	for _, s := range all {
		text := "CID=" + s.number + " CNT=" + s.name
		if k := strings.Index(out, text); s.name != "" && k >= 0 {
			good, out = good+1, out[k+len(text):]
		}
	}
	return good, told - good, nil
}

// printed is how that peer prints octets.
func printed(octets []byte) string {
	var b strings.Builder
	for _, c := range octets {
		switch {
		case c >= 32 && c < 128:
			b.WriteByte(c)
		case c == 13: // a new line, at times
		default:
			fmt.Fprintf(&b, "[0x%02X]", c)
		}
	}
	return b.String()
}
