package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/centralita/centralita/board/models"
)

// withBoard is a sound document with a board.
func withBoard(board string) string {
	return "site: {id: s, name: S, country: ES, timezone: Europe/Madrid}\nphones:\n  - {ext: \"100\", name: A, sip: true}\nboard:\n  " +
		strings.ReplaceAll(strings.TrimSpace(board), "\n", "\n  ") + "\n"
}

func TestEveryBoardIsSound(t *testing.T) {
	if got := fmt.Sprint(models.Names()); got != "[cm4 pc qemu rpi3 rpi4 sim zero2w]" {
		t.Errorf("the boards are %s", got)
	}
	chips := map[string]string{"rpi3": "pinctrl-bcm2835", "zero2w": "pinctrl-bcm2835", "rpi4": "pinctrl-bcm2711", "cm4": "pinctrl-bcm2711"}
	for _, name := range models.Names() {
		c, problems := Parse("site.yaml", []byte(withBoard("model: "+name)), nil)
		if len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
			continue
		}
		f := c.Board.Front
		if f.Name == "" || f.Chip != chips[name] {
			t.Errorf("%s: name %q, chip %q", name, f.Name, f.Chip)
		}
		if f.Lamps != nil && (f.Lamps.Upstream.Green == None || f.Lamps.Queue.Red == None) {
			t.Errorf("%s: no lamp of %+v shows the links or the queues", name, f.Lamps)
		}
		if front := f.Lamps != nil && f.Screen != nil && len(f.Buttons) == 5; front != (chips[name] != "") {
			t.Errorf("%s: front %t", name, front)
		}
		if sim := c.Board.Kind == "sim"; sim != (name == "sim") {
			t.Errorf("%s: simulated %t", name, sim)
		}
	}
}

func TestTheSiteSaysOtherwise(t *testing.T) {
	c, problems := Parse("site.yaml", []byte(withBoard(`
model: rpi4
gpio: pinctrl-rp1
lamps:
  active_low: true
  ports: [17, [22, 23]]
  upstream: 18
  queue: [19, 26]
  health: [24, 25]
display: {kind: ssd1306, i2c: 3}
digits: {kind: tm1637, lines: [20, 21]}
buttons: none
`)+"watchdog: {timeout: 20s}\n"), nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := &Front{Name: "Raspberry Pi 4", Chip: "pinctrl-rp1", Consoles: []string{"/dev/ttyS1", "/dev/ttyGS0"}, Watchdog: "/dev/watchdog0", RTC: "/dev/rtc0",
		Lamps:  &Lamps{ActiveLow: true, Ports: []Lamp{{17, None}, {22, 23}}, Upstream: Lamp{18, None}, Queue: Lamp{19, 26}, Health: Lamp{24, 25}},
		Screen: &Screen{Kind: "ssd1306", Cols: 20, Rows: 4, I2C: 3, Address: 0x3C},
		Digits: &Digits{Kind: "tm1637", I2C: None, Lines: []int{20, 21}}}
	if !reflect.DeepEqual(c.Board.Front, want) {
		t.Errorf("got  %+v\nwant %+v", c.Board.Front, want)
	}
	if c.Watchdog.Device != "/dev/watchdog0" {
		t.Errorf("the watchdog is %s, the board has it at /dev/watchdog0", c.Watchdog.Device)
	}
	if c, problems = Parse("site.yaml", []byte(withBoard("fxo: 1")), nil); len(problems) > 0 || c.Board.Front != nil {
		t.Errorf("a board that is not named: %+v, %v", c, problems)
	}
}

// A board of one's own is a file beside the document, with its problems at their
// places in it.
func TestABoardOfOnesOwn(t *testing.T) {
	dir := t.TempDir()
	site := filepath.Join(dir, "site.yaml")
	write := func(board string) {
		if err := os.WriteFile(filepath.Join(dir, "mine.yaml"), []byte(board), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("name: Mine\ndisplay: {kind: hd44780, size: 16x2, rom: A02, address: 0x3F}\n")
	c, problems := Parse(site, []byte(withBoard("model: mine.yaml")), nil)
	if len(problems) > 0 || c.Board.Front.Screen.Cols != 16 || c.Board.Front.Screen.Address != 0x3F {
		t.Errorf("%+v, %v", c, problems)
	}
	write("name: Mine\ngpio: chip\nbuttons:\n  night: 5\n  ok: 5\nlights: 3\ndisplay: {size: 19x4}\n")
	_, problems = Parse(site, []byte(withBoard("model: mine.yaml")), nil)
	var got []string
	for _, p := range problems {
		got = append(got, strings.TrimPrefix(p.String(), dir+"/"))
	}
	for i, want := range []string{"mine.yaml:5:7: the button ok is on GPIO line 5, the button night is there already", "mine.yaml:6:1: unknown key \"lights\"", "mine.yaml:7:17: size of display must be one of 20x4, 16x2"} {
		if i >= len(got) || !strings.HasPrefix(got[i], want) {
			t.Errorf("problem %d of %q, want %q", i, got, want)
		}
	}
	_, problems = Parse(site, []byte(withBoard("model: absent.yaml")), nil)
	if len(problems) != 1 || !strings.Contains(problems[0].String(), "site.yaml:5:10: cannot read the board \"absent.yaml\", there is no file") {
		t.Errorf("%v", problems)
	}
}

// The clash is told where it can be mended: in the document of the site.
func TestAClashWithTheBoardsFile(t *testing.T) {
	_, problems := Parse("site.yaml", []byte(withBoard("model: rpi4\ndigits: {kind: tm1637, lines: [20, 6]}")), nil)
	if len(problems) != 1 || !strings.HasPrefix(problems[0].String(), "site.yaml:6:38: DIO is on GPIO line 6, the button night is there already") {
		t.Errorf("%v", problems)
	}
	_, problems = Parse("site.yaml", []byte(withBoard("model: rpi4\nbuttons: {restart: 21, reset: 21}")), nil)
	if len(problems) != 1 || !strings.HasPrefix(problems[0].String(), "site.yaml:6:33: the button reset is on GPIO line 21, the button restart is there already") {
		t.Errorf("%v", problems)
	}
	_, problems = Parse("site.yaml", []byte(withBoard("model: rpi4\nlamps: {ports: [5], health: 7}")), nil)
	if len(problems) != 1 || !strings.HasPrefix(problems[0].String(), "site.yaml:6:19: the lamp of port 1 is on GPIO line 5, the button lamp_test is there already") {
		t.Errorf("%v", problems)
	}
}
