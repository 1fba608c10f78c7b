{{/*
One role's Deployment and Service, from a dict of
  root, role (its name), values (its part of the values), args (its command line),
  database (whether it is given the database's URL), reads (and its replica's), context (and the secret of who asks), counts (a Secret with the URL of where limits are counted together; optional), index (settings of a folder at /data; optional).
*/}}
{{- define "aisle.role" -}}
{{- $root := .root -}}
{{- $name := printf "%s-%s" (include "aisle.fullname" $root) .role -}}
{{- $service := .values.service | default dict -}}
{{- if le ($root.Values.terminationGracePeriodSeconds | int64) (add $root.Values.preStopSeconds 10) }}
{{- fail "terminationGracePeriodSeconds must be more than preStopSeconds and the 10 seconds that a role may drain" }}
{{- end -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  labels:
    {{- include "aisle.labels" . | nindent 4 }}
spec:
  {{- /* An autoscaler's number must not be set back by each upgrade. */}}
  {{- if not (dig "autoscaling" "enabled" false .values) }}
  replicas: {{ .values.replicas }}
  {{- end }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
  selector:
    matchLabels:
      {{- include "aisle.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "aisle.labels" . | nindent 8 }}
      {{- with $root.Values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "aisle.serviceAccountName" $root | quote }}
      terminationGracePeriodSeconds: {{ $root.Values.terminationGracePeriodSeconds | int64 }}
      {{- include "aisle.pod" $root | nindent 6 }}
      {{- with $root.Values.topologySpread }}
      {{- if .enabled }}
      topologySpreadConstraints:
        {{- range .topologyKeys }}
        - maxSkew: 1
          topologyKey: {{ . }}
          whenUnsatisfiable: {{ $root.Values.topologySpread.whenUnsatisfiable }}
          labelSelector:
            matchLabels:
              {{- include "aisle.selector" $ | nindent 14 }}
          matchLabelKeys: [pod-template-hash]
        {{- end }}
      {{- end }}
      {{- end }}
      containers:
        - name: {{ .role }}
          {{- include "aisle.container" $root | nindent 10 }}
          args:
            {{- toYaml .args | nindent 12 }}
          env:
            - name: AISLE_LOG_LEVEL
              value: {{ $root.Values.logLevel }}
            {{- with $root.Values.tracing }}
            {{- if .endpoint }}
            - name: OTEL_EXPORTER_OTLP_ENDPOINT
              value: {{ .endpoint | quote }}
            - name: OTEL_TRACES_SAMPLER_ARG
              value: {{ .ratio | quote }}
            {{- end }}
            {{- end }}
            {{- if .database }}
            {{- include "aisle.databaseEnv" $root | nindent 12 }}
            {{- end }}
            {{- if .context }}
            {{- include "aisle.contextEnv" $root | nindent 12 }}
            {{- end }}
            {{- if .reads }}
            {{- include "aisle.readDatabaseEnv" $root | nindent 12 }}
            {{- end }}
            {{- with .counts }}
            {{- if .existingSecret }}
            - name: AISLE_RATE_LIMIT_STORE
              valueFrom:
                secretKeyRef:
                  name: {{ .existingSecret | quote }}
                  key: {{ .key | quote }}
            {{- end }}
            {{- end }}
          ports:
            - name: http
              containerPort: {{ .values.port }}
          # A role listens only once it has started; until then nothing may end it.
          startupProbe:
            httpGet: {path: /health/live, port: http}
            periodSeconds: 2
            timeoutSeconds: 3
            failureThreshold: 300
          livenessProbe:
            httpGet: {path: /health/live, port: http}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          readinessProbe:
            httpGet: {path: /health/ready, port: http}
            periodSeconds: 5
            timeoutSeconds: 3
            failureThreshold: 2
          lifecycle:
            preStop:
              # Until every balancer knows that this pod is going, it answers what they still send.
              exec: {command: [sleep, "{{ $root.Values.preStopSeconds }}"]}
          resources:
            {{- toYaml .values.resources | nindent 12 }}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
            {{- if .index }}
            - {name: index, mountPath: /data}
            {{- end }}
      volumes:
        - name: tmp
          emptyDir: {}
        {{- with .index }}
        - name: index
          emptyDir:
            sizeLimit: {{ .sizeLimit | quote }}
        {{- end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  labels:
    {{- include "aisle.labels" . | nindent 4 }}
  {{- with $service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ $service.type | default "ClusterIP" }}
  selector:
    {{- include "aisle.selector" . | nindent 4 }}
  ports:
    - name: http
      port: {{ .values.port }}
      targetPort: http
      appProtocol: http
{{- include "aisle.autoscaler" . }}
{{- include "aisle.disruption" . }}
{{- include "aisle.monitor" . }}
{{- end }}
