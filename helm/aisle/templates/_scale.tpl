{{/* How many of one role there are, and may be away at once. Each takes the dict of aisle.role. */}}
{{- define "aisle.autoscaler" -}}
{{- $name := printf "%s-%s" (include "aisle.fullname" .root) .role -}}
{{- with .values.autoscaling }}
{{- if .enabled }}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ $name }}
  labels:
    {{- include "aisle.labels" $ | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ $name }}}
  minReplicas: {{ .minReplicas }}
  maxReplicas: {{ .maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: {{ .targetCPUUtilizationPercentage }}}
  behavior:
    scaleDown:
      # A pod that goes takes its subscriptions and its plans along.
      stabilizationWindowSeconds: 300
{{- end }}
{{- end }}
{{- end }}

{{- define "aisle.disruption" -}}
{{- if .root.Values.podDisruptionBudget.enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ printf "%s-%s" (include "aisle.fullname" .root) .role }}
  labels:
    {{- include "aisle.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ .root.Values.podDisruptionBudget.maxUnavailable }}
  selector:
    matchLabels:
      {{- include "aisle.selector" . | nindent 6 }}
{{- end }}
{{- end }}
