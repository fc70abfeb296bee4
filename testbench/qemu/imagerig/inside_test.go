package main

import "testing"

func TestConfinementIsRead(t *testing.T) {
	const other = `{"driver":"kernel","port":"priority","state":"loaded","what":"real time"}` + "\n"
	for said, want := range map[string]string{
		"board --json\n" + other + `{"driver":"kernel","port":"confinement","state":"loaded","what":"12 doors` + "\n" + ` are shut"}`: "12 doors are shut",
		other + `{"driver":"kernel","port":"confinement","state":"failed","why":"no Landlock"}`:                                       "",
		other:     "",
		"nothing": "",
		"{":       "",
	} {
		got, err := confinement(said)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", said, got, err)
		}
	}
}

func TestBindingsAreRead(t *testing.T) {
	good := lookText("3-1:1.0 03/01/01 nobody", "2-1:1.0 08/06/50 usb-storage", "net lo nobody", "net eth0 virtio_net", "end")
	for what, c := range map[string]struct {
		text string
		good bool
	}{
		"all as it should be":    {good, true},
		"a keyboard is bound":    {lookText("3-1:1.0 03/01/01 usbhid", "2-1:1.0 08/06/50 usb-storage", "net lo nobody", "net eth0 virtio_net", "end"), false},
		"a keyboard is not seen": {lookText("2-1:1.0 08/06/50 usb-storage", "net lo nobody", "net eth0 virtio_net", "end"), false},
		"the stick is not bound": {lookText("3-1:1.0 03/01/01 nobody", "2-1:1.0 08/06/50 nobody", "net lo nobody", "net eth0 virtio_net", "end"), false},
		"a second network card":  {lookText("3-1:1.0 03/01/01 nobody", "2-1:1.0 08/06/50 usb-storage", "net lo nobody", "net eth0 virtio_net", "net usb0 cdc_ether", "end"), false},
		"it did not come so far": {lookText("3-1:1.0 03/01/01 nobody", "2-1:1.0 08/06/50 usb-storage", "net lo nobody"), false},
	} {
		if _, err := bindings(c.text, 1); (err == nil) != c.good {
			t.Errorf("%s: %v", what, err)
		}
	}
}
