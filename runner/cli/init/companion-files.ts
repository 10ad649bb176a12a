import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../support/package-root.js";

/** What stands around a watch: a service, and Prometheus with Grafana. Their images are pinned; all of it listens on this machine only. */
export function companionFiles(root: string): Record<string, string> {
  return {
    "probe-run.service": service(root),
    "compose.yaml": COMPOSE,
    "prometheus.yml": PROMETHEUS,
    "grafana/datasource.yaml": DATASOURCE,
    "grafana/dashboards.yaml": DASHBOARDS,
    "grafana/dashboards/probe-run.json": readFileSync(join(packageRoot(), "docs", "grafana-dashboard.json"), "utf8"),
  };
}

/** In a unit, a percent sign is doubled. */
function service(root: string): string {
  const folder = root.replaceAll("%", "%%");
  return `# cp probe-run.service /etc/systemd/system/ && systemctl enable --now probe-run
[Unit]
Description=probe-run watch
Wants=network-online.target
After=network-online.target

[Service]
DynamicUser=yes
WorkingDirectory=${folder}
StateDirectory=probe-run
ExecStart=/usr/bin/env probe-run watch checks.yaml --history \${STATE_DIRECTORY}/history.db --listen 127.0.0.1:9464
ExecReload=/bin/kill -HUP $MAINPID
# Secrets that checks.yaml names as env:NAME
EnvironmentFile=-/etc/default/probe-run
# Faster restarts would reach systemd's limit, and then it starts the watch no more.
Restart=on-failure
RestartSec=5
LimitNOFILE=65536
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateDevices=yes

[Install]
WantedBy=multi-user.target
`;
}

const COMPOSE = `# Linux: the containers share the network of this machine, so that nothing listens beyond it.
services:
  prometheus:
    image: prom/prometheus:v2.53.0
    network_mode: host
    command: [--config.file=/etc/prometheus/prometheus.yml, --web.listen-address=127.0.0.1:9090, --storage.tsdb.retention.time=90d]
    volumes:
      - ./prometheus.yml:/etc/prometheus/prometheus.yml:ro
      - prometheus:/prometheus
    restart: unless-stopped
  grafana:
    image: grafana/grafana:11.1.0
    network_mode: host
    environment:
      GF_SERVER_HTTP_ADDR: 127.0.0.1
    volumes:
      - ./grafana/datasource.yaml:/etc/grafana/provisioning/datasources/probe-run.yaml:ro
      - ./grafana/dashboards.yaml:/etc/grafana/provisioning/dashboards/probe-run.yaml:ro
      - ./grafana/dashboards:/var/lib/grafana/dashboards:ro
      - grafana:/var/lib/grafana
    restart: unless-stopped
volumes:
  prometheus: {}
  grafana: {}
`;

const PROMETHEUS = `global:
  scrape_interval: 30s
scrape_configs:
  - job_name: probe-run
    static_configs:
      - targets: ["127.0.0.1:9464"]
`;

const DATASOURCE = `apiVersion: 1
datasources:
  - { name: Prometheus, uid: prometheus, type: prometheus, access: proxy, url: "http://127.0.0.1:9090", isDefault: true }
`;

const DASHBOARDS = `apiVersion: 1
providers:
  - { name: probe-run, type: file, options: { path: /var/lib/grafana/dashboards } }
`;
