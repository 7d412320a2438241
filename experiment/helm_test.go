package experiment

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseHelm(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		args []string
		want HelmUpgrade
	}{
		{"least", []string{"shop", "./chart"}, HelmUpgrade{}},
		{"as in the tutorial", []string{"--install", "--repo", "https://charts", "shop", "--namespace=shop", "./chart", "--values=https://values"},
			HelmUpgrade{Install: true, Repo: "https://charts", Namespace: "shop", Values: []string{"https://values"}}},
		{"short flags", []string{"-i", "-n", "shop", "shop", "./chart", "-f", "a.yaml"},
			HelmUpgrade{Install: true, Namespace: "shop", Values: []string{"a.yaml"}}},
		{"values in order", []string{"shop", "./chart", "-f", "a,b", "--values", "c", "-f=d"}, HelmUpgrade{Values: []string{"a", "b", "c", "d"}}},
		{"sets stay whole", []string{"shop", "./chart", "--set", "a=1,b=2", "--set=c={x,y}", "--set-string", "d=3"},
			HelmUpgrade{Set: []string{"a=1,b=2", "c={x,y}"}, SetString: []string{"d=3"}}},
		{"all switches", []string{"shop", "--create-namespace", "--wait", "--atomic", "--reuse-values", "--reset-values", "./chart"},
			HelmUpgrade{CreateNamespace: true, Wait: true, Atomic: true, ReuseValues: true, ResetValues: true}},
		{"switched off", []string{"shop", "./chart", "--wait=false", "--install=true"}, HelmUpgrade{Install: true}},
		{"version", []string{"shop", "./chart", "--version", "1.2.3"}, HelmUpgrade{ChartVersion: "1.2.3"}},
		{"timeout", []string{"shop", "./chart", "--timeout", "90s"}, HelmUpgrade{Timeout: 90 * time.Second}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseHelm(append([]string{"upgrade"}, row.args...))
			if err != nil {
				t.Fatal(err)
			}
			row.want.Release, row.want.Chart = "shop", "./chart"
			if row.want.Timeout == 0 {
				row.want.Timeout = 5 * time.Minute
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseHelmRefuses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		args []string
		want string
	}{
		{"nothing", nil, "helm: of Helm's commands, Perch does only upgrade"},
		{"another command", []string{"uninstall", "shop"}, "helm uninstall: of Helm's commands, Perch does only upgrade"},
		{"flags before the command", []string{"-n", "shop", "upgrade"}, "helm -n: of Helm's commands, Perch does only upgrade"},
		{"no names", []string{"upgrade"}, "helm upgrade takes a release and a chart, not []"},
		{"no chart", []string{"upgrade", "shop", "-i"}, `helm upgrade takes a release and a chart, not ["shop"]`},
		{"empty chart", []string{"upgrade", "shop", ""}, `helm upgrade takes a release and a chart, not ["shop" ""]`},
		{"three names", []string{"upgrade", "shop", "a", "b"}, `helm upgrade takes a release and a chart, not ["shop" "a" "b"]`},
		{"unknown flag", []string{"upgrade", "shop", "a", "--dry-run"}, "helm upgrade: this version of Perch does not know the flag --dry-run"},
		{"unknown flag with a value", []string{"upgrade", "--post-renderer=./x", "shop", "a"},
			"helm upgrade: this version of Perch does not know the flag --post-renderer"},
		{"flag without its value", []string{"upgrade", "shop", "a", "--repo"}, "helm upgrade: flag needs an argument: -repo"},
		{"no duration", []string{"upgrade", "shop", "a", "--timeout=300"}, `helm upgrade: invalid value "300" for flag -timeout: parse error`},
		{"help", []string{"upgrade", "--help"}, "helm upgrade: --help upgrades nothing"},
		{"short help", []string{"upgrade", "shop", "a", "-h"}, "helm upgrade: --help upgrades nothing"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := parseHelm(row.args)
			if got := errorText(err); got != row.want {
				t.Errorf("want %q, got %q", row.want, got)
			}
		})
	}
}
