package experiment

import (
	"strings"
	"testing"
)

func TestParseQuantity(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		text string
		want float64
	}{
		{"0", 0}, {"50", 50}, {"0.01", 0.01}, {".5", 0.5}, {"5.", 5}, {"+5", 5}, {"-5", -5},
		{"10m", 0.01}, {"9m", 0.009}, {"29m", 0.029}, {"1100m", 1.1}, {"1.5m", 0.0015},
		{"1491620112n", 1.491620112}, {"250u", 0.00025},
		{"2k", 2000}, {"2M", 2e6}, {"2G", 2e9}, {"2T", 2e12}, {"2P", 2e15}, {"2E", 2e18},
		{"2Ki", 2048}, {"2Mi", 1 << 21}, {"2Gi", 1 << 31}, {"2Ti", 1 << 41}, {"2Pi", 1 << 51}, {"2Ei", 1 << 61},
		{"1.5Ki", 1536}, {"1e3", 1000}, {"1E3", 1000}, {"12e-3", 0.012}, {"5e+2", 500},
	} {
		if got, ok := parseQuantity(row.text); !ok || got != row.want {
			t.Errorf("parseQuantity(%q): want %v, got %v, %v", row.text, row.want, got, ok)
		}
	}
}

func TestParseQuantityRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "m", "Ki", "E", "a lot", "1 0", "1_000", "0x10", "inf", "Inf", "+Inf", "NaN", "1e999", "--5",
		"1..2", "1e", "50ms", "50%", "1e3k", "1e3Ki", "5K", "5mi", "10 m", "1,5",
		strings.Repeat("9", 300) + "Ei", strings.Repeat("9", 300) + "E",
	} {
		if got, ok := parseQuantity(text); ok {
			t.Errorf("parseQuantity(%q): want none, got %v", text, got)
		}
	}
}
