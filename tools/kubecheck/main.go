// Command kubecheck reads Kubernetes objects from standard input and holds each one
// against its API's own types: a field that the type lacks, a field given twice or a
// value of another type is an error, with exit code 1.
//
//	kubectl kustomize deploy/kubernetes/base | go run .
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	strict "sigs.k8s.io/yaml"
)

// kinds makes an empty object of each kind that the deployment has.
var kinds = map[string]func() any{
	"v1 Namespace":                       func() any { return new(core.Namespace) },
	"v1 ConfigMap":                       func() any { return new(core.ConfigMap) },
	"v1 PersistentVolumeClaim":           func() any { return new(core.PersistentVolumeClaim) },
	"apps/v1 Deployment":                 func() any { return new(apps.Deployment) },
	"networking.k8s.io/v1 NetworkPolicy": func() any { return new(networking.NetworkPolicy) },
	"policy/v1 PodDisruptionBudget":      func() any { return new(policy.PodDisruptionBudget) },
}

func main() {
	n, err := checkAll(os.Stdin)
	if err == nil && n == 0 {
		err = errors.New("no objects")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "kubecheck:", err)
		os.Exit(1)
	}
	fmt.Printf("kubecheck: %d objects\n", n)
}

// checkAll counts the objects, and joins what is wrong with each.
func checkAll(in io.Reader) (n int, failed error) {
	documents := yaml.NewYAMLReader(bufio.NewReader(in))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return n, failed
		}
		if err != nil {
			return n, errors.Join(failed, err)
		}
		n++
		failed = errors.Join(failed, check(document))
	}
}

func check(document []byte) error {
	var header struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := strict.Unmarshal(document, &header); err != nil {
		return err
	}
	kind := header.APIVersion + " " + header.Kind
	empty, known := kinds[kind]
	if !known {
		return fmt.Errorf("%s: no such kind is expected", kind)
	}
	if err := strict.UnmarshalStrict(document, empty()); err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	return nil
}
