package config

import "testing"

func TestOfficeIsSound(t *testing.T) {
	c, problems := Load("../../board/sim/office.yaml", nil)
	for _, p := range problems {
		t.Error(p)
	}
	if c == nil || len(c.Phones) != 8 || c.Flow("principal") == nil {
		t.Fatalf("the sample office is not whole: %+v", c)
	}
}
